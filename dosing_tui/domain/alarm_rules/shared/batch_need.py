"""What one batch takes of a tank: below it, the tank is nearly empty."""

from msgspec import Struct

from dosing_tui.domain.quantities.quantity_text import count_noun, format_mass


class BatchNeed(Struct, frozen=True):
    """The largest of the recipes' medians of the last batches; the last dose while no batch is known.

    ``batches``: number of batches of ``recipe`` in the median; 0: the last dose.
    """

    device_id: str
    chemical: str
    need_g: float
    recipe: str = ""
    batches: int = 0

    @property
    def text(self) -> str:
        """What it is and where it comes from.

        >>> BatchNeed("A", "T-12", 40.0, "CU-85", 20).text, BatchNeed("A", "T-12", 40.0).text
        ('a batch of CU-85 takes 40.00 g (median of 20 batches)', 'last dose 40.00 g')
        """
        if not self.batches:
            return f"last dose {format_mass(self.need_g)}"
        source = f"median of {count_noun(self.batches, 'batch', 'batches')}"
        of_recipe = f" of {self.recipe}" if self.recipe else ""
        return f"a batch{of_recipe} takes {format_mass(self.need_g)} ({source})"
