"""The real process with caches that have no room for anything, so that every answer is computed."""

from app import app, process
from serving import server_options

for namespace in process.cache.namespaces.values():
    namespace._shelf.store.max_bytes = 1  # no setting: nobody else would want it

if __name__ == "__main__":
    app.run(config=server_options(process.settings))
