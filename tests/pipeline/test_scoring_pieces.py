import pyarrow as pa

from pipeline.scoring import pieces


def test_folder_is_synced_once_piece_and_facts_have_names(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(
        pieces, "sync", lambda folder: synced.append({p.name for p in folder.iterdir()})
    )
    pieces.write_piece(tmp_path / "parts" / "bucket=0.parquet", pa.table({"a": [1]}))
    assert synced == [{"bucket=0.parquet", "bucket=0.json"}]
    assert pieces.facts_of(tmp_path / "parts" / "bucket=0.parquet")
