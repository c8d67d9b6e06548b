"""The cells, by group. Importing this package registers all of them, in the order of the report."""
from cells import (  # noqa: F401
    processes_cells, server_cells, broker_cells, topology_cells, ladder_cells, postgres_cells, schema_cells,
    redis_cells, network_cells, disk_cells, person_cells, clock_cells, availability_cells, held_cells,
)
