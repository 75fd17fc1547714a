"""What a utility's data are: tables, reading, checks, payment allocation, the simulator."""
