"""The tables of the simulator's SQLite store."""

from __future__ import annotations

VERSION = 2

# resources.scope: key of the parent resource of a child, else of the group or scope that a resource sits on.
# resources.pending: id of the unfinished operation that works on the resource, else NULL.
# links.holder: id of the innermost part of the source document that holds the reference.
TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE resources (
    number INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    scope TEXT NOT NULL,
    subscription TEXT NOT NULL,
    location TEXT NOT NULL,
    etag TEXT NOT NULL,
    api_version TEXT NOT NULL,
    created REAL NOT NULL,
    changed REAL NOT NULL,
    pending TEXT,
    body TEXT NOT NULL,
    hidden TEXT
);
CREATE INDEX resources_by_scope ON resources (scope, type);
CREATE INDEX resources_by_type ON resources (type, subscription);
CREATE TABLE tags (key TEXT NOT NULL, name TEXT NOT NULL, spelling TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (key, name)) WITHOUT ROWID;
CREATE INDEX tags_by_name ON tags (name, value);
CREATE TABLE links (source TEXT NOT NULL, holder TEXT NOT NULL, path TEXT NOT NULL, target TEXT NOT NULL);
CREATE INDEX links_by_source ON links (source);
CREATE INDEX links_by_target ON links (target);
CREATE TABLE operations (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    status TEXT NOT NULL,
    created REAL NOT NULL,
    ready REAL NOT NULL,
    finished REAL,
    data TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX operations_unfinished ON operations (ready) WHERE finished IS NULL;
CREATE TABLE deleted (
    key TEXT PRIMARY KEY, type TEXT NOT NULL, name TEXT NOT NULL, location TEXT NOT NULL,
    at REAL NOT NULL, purge_at REAL NOT NULL, body TEXT NOT NULL, hidden TEXT
) WITHOUT ROWID;
CREATE INDEX deleted_by_type ON deleted (type, name);
CREATE TABLE activity (
    number INTEGER PRIMARY KEY, at REAL NOT NULL, key TEXT NOT NULL, action TEXT NOT NULL, status INTEGER NOT NULL,
    correlation TEXT NOT NULL, principal TEXT NOT NULL, detail TEXT
);
"""
