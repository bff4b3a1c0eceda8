"""The palette has every action that a key does."""

from dosing_tui.tui.command_palette.binding_commands import BINDING_GROUPS, list_binding_commands
from dosing_tui.tui.keys.bindings import ALL_KEYS


def test_every_binding_is_a_command_and_every_command_a_binding() -> None:
    offered = [command.binding for command in list_binding_commands({})]
    assert [binding for binding in ALL_KEYS if binding not in offered and binding.id != "palette"] == []
    assert [binding for binding in offered if binding not in ALL_KEYS] == []
    assert len({id(binding) for binding in offered}) == len(offered)


def test_titles_name_the_effect_and_differ_within_their_kind() -> None:
    commands = list_binding_commands({})
    assert all(command.binding.tooltip for command in commands)
    for group in BINDING_GROUPS:
        titles = [command.title for command in commands if command.binding in group.bindings]
        assert len(set(titles)) == len(titles), titles


def test_keys_are_those_of_the_sites_key_map() -> None:
    keys = {command.binding.id: command.keys for command in list_binding_commands({"freeze": "z,Z"})}
    assert keys["freeze"] == "z Z"
    assert keys["help"] == "F1 ?"
