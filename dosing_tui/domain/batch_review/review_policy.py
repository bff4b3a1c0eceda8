"""Review policy of the plant."""

from msgspec import Struct


class ReviewPolicy(Struct, frozen=True):
    """``pin``: a review requires a PIN; ``second_person``: an approval requires a confirmation."""

    pin: bool = False
    second_person: bool = False

    def __or__(self, other: "ReviewPolicy") -> "ReviewPolicy":
        """Return the union of both requirements."""
        return ReviewPolicy(self.pin or other.pin, self.second_person or other.second_person)


def format_policy(policy: ReviewPolicy) -> str:
    """Format a policy for messages.

    >>> format_policy(ReviewPolicy(pin=True))
    'a PIN with every review; no second person'
    """
    pin = "a PIN with every review" if policy.pin else "no PIN"
    return f"{pin}; {'a second person' if policy.second_person else 'no second person'}"
