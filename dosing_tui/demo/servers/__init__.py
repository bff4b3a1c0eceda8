"""embedded PostgreSQL and broker (tests use these, too)"""
