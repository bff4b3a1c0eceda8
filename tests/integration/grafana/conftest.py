"""The month the panels are tested with, for Grafana's queries."""

from tests.integration.database.test_panels import plant as plant
