"""What a customer who asks why is given: their own records, in plain words (PIPL art. 24)."""

from reports.customer_card.card import Card, ListedBill, Why, as_json
from reports.customer_card.page import render_card
from reports.customer_card.words import CARD_WORDS, CardWords, read_card_words

__all__ = [
    "CARD_WORDS",
    "Card",
    "CardWords",
    "ListedBill",
    "Why",
    "as_json",
    "read_card_words",
    "render_card",
]
