"""``dosing-tui grafana``: Grafana's data source, dashboards and alert rules, from the console's panels."""

from pathlib import Path

import click

from dosing_tui.cli.context import get_settings, write_line


@click.command()
@click.option("--output", type=click.Path(path_type=Path), default=Path("grafana"), show_default=True,
              help="Folder to write: Grafana's is /etc/grafana/provisioning.")  # fmt: skip
@click.option("--force", is_flag=True, help="Also replace files that this command did not write.")
@click.option("--host", default="", metavar="HOST:PORT", show_default="that of database.dsn",
              help="Address of the database server for Grafana.")  # fmt: skip
@click.option("--database", default="", show_default="that of database.dsn", help="Name of the database.")
@click.option("--user", default="dosing_viewer", show_default=True, help="Read-only role.")
@click.option("--password", default="$__file{/run/secrets/database-password}", show_default=True,
              help="File or variable with the password, for Grafana: $__file{...} or $VARIABLE.")  # fmt: skip
@click.option("--sslmode", type=click.Choice(["disable", "require", "verify-ca", "verify-full"]),
              default="disable", show_default=True, help="TLS between Grafana and the database.")  # fmt: skip
@click.option("--dashboards", default="/etc/grafana/provisioning/dashboards/dosing", show_default=True,
              help="Path of the dashboards, for Grafana.")  # fmt: skip
@click.option("--prometheus", default="", metavar="URL",
              help="Prometheus of [monitoring]: adds the collector's dashboard and alerts.")  # fmt: skip
@click.pass_context
def grafana(
    ctx: click.Context, *, output: Path, force: bool, host: str, database: str, user: str, password: str,
    sslmode: str, dashboards: str, prometheus: str,
) -> None:  # fmt: skip
    """Write Grafana's provisioning: the same SQL, ranges, filters and limits as in the console."""
    from dosing_tui.grafana.provisioning import GrafanaOptions, build_provisioning_files, write_files

    if not password.startswith("$"):
        raise click.BadParameter("a password does not belong in a file; use $VARIABLE or $__file{...}.")
    options = GrafanaOptions(
        password=password,
        sslmode=sslmode,
        dashboards=dashboards,
        host=host,
        database=database,
        user=user,
        prometheus=prometheus,
    )
    for path in write_files(output, build_provisioning_files(get_settings(ctx), options), force=force):
        write_line(path)
