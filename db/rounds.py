"""Work that goes round and round: where it stands outlives every process."""

from db.database import Database, Session


async def position(db: Database | Session, name: str) -> str:
    """Where the round stands, `""` before it ever began."""
    return str(await db.value("rounds.position", name=name) or "")


async def move(db: Database | Session, name: str, position: str) -> None:
    """Note how far the round has come."""
    await db.execute("rounds.move", name=name, position=position)
