"""What most would write in Python: rows of csv into the driver's own execute_concurrent. execute_concurrent.py <port> <table> <file>"""

import csv
import sys
from datetime import date, datetime, timezone

from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.concurrent import execute_concurrent_with_args
from cassandra.policies import DCAwareRoundRobinPolicy, TokenAwarePolicy
from cassandra import ConsistencyLevel


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


CASTS = {
    "flights": [str, instant, date.fromisoformat, str, str, int, int],
    "comments": [str, str, str, instant, int, str],
}

port, table, file = sys.argv[1:]
profile = ExecutionProfile(
    load_balancing_policy=TokenAwarePolicy(DCAwareRoundRobinPolicy("datacenter1")),
    consistency_level=ConsistencyLevel.LOCAL_QUORUM,
)
cluster = Cluster(
    ["127.0.0.1"],
    port=int(port),
    auth_provider=PlainTextAuthProvider("cassandra", "cassandra"),
    execution_profiles={EXEC_PROFILE_DEFAULT: profile},
    protocol_version=4,
)
session = cluster.connect("bench")
with open(file, newline="") as source:
    records = csv.reader(source)
    header = next(records)
    insert = session.prepare(f"INSERT INTO {table} ({', '.join(header)}) VALUES ({', '.join('?' * len(header))})")
    casts = CASTS[table]
    rows = ([cast(cell) for cast, cell in zip(casts, record)] for record in records)
    execute_concurrent_with_args(session, insert, rows)
cluster.shutdown()
