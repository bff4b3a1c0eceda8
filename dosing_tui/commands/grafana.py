"""``dosing-tui grafana``: Grafana's data source, dashboards and alert rules, from the console's panels."""

from pathlib import Path

import click

from dosing_tui.commands.words import say, settings_of


@click.command()
@click.option("--output", type=click.Path(path_type=Path), default=Path("provisioning"), show_default=True,
              help="Folder to write; Grafana's is /etc/grafana/provisioning.")  # fmt: skip
@click.option("--host", default="localhost:5432", show_default=True, help="The database, as Grafana sees it.")
@click.option("--database", default="factory_metrics", show_default=True, help="Its name.")
@click.option("--user", default="dosing_viewer", show_default=True, help="A role that may only read.")
@click.option("--sslmode", type=click.Choice(["disable", "require", "verify-ca", "verify-full"]),
              default="require", show_default=True, help="How the connection is encrypted.")  # fmt: skip
@click.option("--dashboards", default="/etc/grafana/provisioning/dashboards/dosing", show_default=True,
              help="Where Grafana will find the dashboards.")  # fmt: skip
@click.pass_context
def grafana(
    ctx: click.Context, *, output: Path, host: str, database: str, user: str, sslmode: str, dashboards: str
) -> None:
    """Write Grafana's provisioning: the same SQL, ranges, filters and limits as in the console."""
    from dosing_tui.grafana.provisioning import PASSWORD, Database, provisioning, write

    where = Database(host=host, name=database, user=user, sslmode=sslmode, dashboards=dashboards)
    for path in write(output, provisioning(settings_of(ctx), where)):
        click.echo(path)
    say(f"Grafana takes the password of {user} from the environment variable {PASSWORD}.")
