"""A Spark cluster as one more place where buckets are worked on, with the same results.

Spark moves no rows: each task runs, in a Python process of an executor, the function that this
machine would run, and reads and writes the files of the shared disk. pyspark is imported only
when a cluster is asked for.
"""
