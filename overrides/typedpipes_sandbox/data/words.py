"""Names and words the example data is made of; several scripts on purpose."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

FIRST_NAMES = (
    "Ana", "João", "Beatriz", "Søren", "Zoë", "Mehmet", "Łukasz", "Yuki", "Ngọc", "Aarav", "Chloé", "Mateus",
    "Ingrid", "Omar", "Siobhán", "Дмитрий", "明美", "Fatima", "Björk", "Thiago",
)  # fmt: skip
LAST_NAMES = (
    "Souza", "Müller", "Ó Briain", "Kowalska", "Tanaka", "Nguyễn", "Fernández", "Østergård", "Singh", "Çelik",
    "Almeida", "Dubois", "Иванова", "Petrović", "Haddad", "Lindström", "Costa", "Okafor",
)  # fmt: skip
COMPANIES = (
    "Padaria Pão Quente", "Nordlys Energi AS", "Café del Río", "Zażółć Logistics", "Kōbe Robotics", "Blue Harbor Foods",
    "Atelier Éclair", "Grupo Ipê", "Straße & Söhne GmbH", "Açaí Express", "Mariposa Health", "Øresund Freight",
)  # fmt: skip
CITIES = ("São Paulo", "København", "Kraków", "Málaga", "Osaka", "Tallinn", "Zürich", "Hà Nội", "Lisboa", "Montréal")
CURRENCIES = ("EUR", "USD", "BRL", "GBP", "PLN", "JPY", "NOK")
COLORS = ("#FF8A00", "#2E7D32", "#1565C0", "#6A1B9A", "#C62828", "#00838F")
PRODUCTS = (
    "Onboarding package",
    "Anual – plano Pro",
    "Support hours",
    "Espresso machine ☕",
    "Freight insurance",
    "Training day",
)
TASKS = (
    "Follow up with procurement", "Aprovar orçamento nº 12", "Überprüfung der Rechnung", "Prepare kick-off agenda",
    "Revisar contrato 📄", "Book a demo", "Collect missing documents", "Schedule site visit",
)  # fmt: skip
SENTENCES = (
    "Waiting for the signed contract.", "Cliente pediu desconto de 5 %.", "Agreed on the phone, see note.",
    "Die Lieferung verzögert sich um zwei Tage.", "Please reply before Friday – thanks!", "再度ご確認をお願いします。",
)  # fmt: skip
DOMAINS = ("example.com", "example.org", "example.net")


def number(key: str) -> int:
    """A number from 0 to 2³²-1 that depends on the key alone."""
    return zlib.crc32(key.encode())


def pick(options: Sequence[T], key: str) -> T:
    """One of the options, chosen by the key."""
    return options[number(key) % len(options)]


def token(key: str, length: int = 6) -> str:
    """Letters and digits that depend on the key alone."""
    alphabet = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    letters = []
    for index in range(length):
        letters.append(alphabet[number(f"{key}/{index}") % len(alphabet)])
    return "".join(letters)


def uuid_of(key: str) -> str:
    """A version 4 shaped UUID that depends on the key alone."""
    digits = "".join(f"{number(f'{key}/{part}'):08x}" for part in range(4))
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"


def person(key: str) -> tuple[str, str]:
    """A first and a last name."""
    return pick(FIRST_NAMES, f"{key}/first"), pick(LAST_NAMES, f"{key}/last")


def email(key: str) -> str:
    """An address at a domain reserved for examples."""
    return f"user{number(key) % 9000 + 1000}@{pick(DOMAINS, key)}"


def moment(key: str, now: float, days: float = 400) -> float:
    """An epoch time in the last ``days`` days before ``now``, on a whole second."""
    return float(int(now - days * 86400 + number(key) % int(days * 86400)))
