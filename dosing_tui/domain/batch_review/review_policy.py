"""What a plant wants of every review. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReviewPolicy:
    """``pin``: whoever signs proves it; ``second_person``: an approval waits for another person's word."""

    pin: bool = False
    second_person: bool = False

    def __or__(self, other: "ReviewPolicy") -> "ReviewPolicy":
        """The stricter of both."""
        return ReviewPolicy(self.pin or other.pin, self.second_person or other.second_person)


def format_policy(policy: ReviewPolicy) -> str:
    """
    >>> format_policy(ReviewPolicy(pin=True))
    'a PIN with every review; no second person'
    """
    pin = "a PIN with every review" if policy.pin else "no PIN"
    return f"{pin}; {'a second person' if policy.second_person else 'no second person'}"
