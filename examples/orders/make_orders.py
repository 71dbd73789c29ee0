"""Writes the 1,000 orders of the example: python/localsqs/examples/orders/orders.jsonl.

    python examples/orders/make_orders.py            # writes the file again, byte for byte the same
    python examples/orders/make_orders.py --check    # only says whether it would change

One night's orders of a made-up shop for tea and tableware that sells to fifteen countries. No person, address or
card in it exists. One JSON object a line, amounts as decimal text in the order's currency.

What the consumer will stumble over is in the nature of the orders, no flag says so:

* payments through "tidepay" time out the first time they are tried;
* a few orders come from Iceland, whose krona the shop has only just begun to accept, and a few from an old app that
  sends the euro as a sign: the shop of the example accepts neither until its fix;
* engraved items need the engraving machine, which takes longer than the visibility timeout.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

ORDERS_FILE = Path(__file__).resolve().parents[2] / "python/localsqs/examples/orders/orders.jsonl"
SEED = 20260302
ORDER_COUNT = 1_000
OPENING = datetime(2026, 3, 2, 22, 0, tzinfo=timezone.utc)  # A Monday evening; the last order comes before seven.
SECONDS_BETWEEN_ORDERS = 30

T = TypeVar("T")


@dataclass(frozen=True)
class Country:
    """Where orders come from. `weight` is its share of them, `per_euro` turns euro prices into local ones."""

    code: str
    weight: int
    currency: str
    per_euro: str
    decimals: int
    names: tuple[str, ...]
    places: tuple[tuple[str, str, str], ...]  # Street, postcode, city.


COUNTRIES = (
    Country("DE", 22, "EUR", "1", 2,
            ("Jana Köhler", "Matthias Groß", "Aylin Demir", "Ute Schäfer", "Jonas Weiß", "Svenja Brückner"),
            (("Lindenstraße 14", "10969", "Berlin"), ("Am Mühlbach 3", "80539", "München"),
             ("Große Bleichen 21", "20354", "Hamburg"), ("Königsallee 60", "40212", "Düsseldorf"))),
    Country("FR", 12, "EUR", "1", 2,
            ("Élodie Lefèvre", "Benoît Garçon", "Chloé Dupré", "Hélène Brasseur", "Loïc Kermarec"),
            (("8 rue des Écoles", "75005", "Paris"), ("27 cours Mirabeau", "13100", "Aix-en-Provence"),
             ("3 place Bellecour", "69002", "Lyon"))),
    Country("GB", 11, "GBP", "0.85", 2,
            ("Imogen Hartley", "Callum Reid", "Priya Nair", "Oliver Whitcombe", "Siân Prosser"),
            (("41 Marchmont Road", "EH9 1HU", "Edinburgh"), ("5 Clarence Mews", "SW4 9LY", "London"),
             ("12 Heol y Deri", "CF14 6HF", "Cardiff"))),
    Country("US", 11, "USD", "1.10", 2,
            ("Dana Whitfield", "Marcus Bell", "Renée Castillo", "Tom Okafor", "Grace Lindqvist"),
            (("1180 Alder Street", "97205", "Portland, OR"), ("77 Prospect Avenue", "11215", "Brooklyn, NY"),
             ("2044 Mission Road", "78210", "San Antonio, TX"))),
    Country("PL", 8, "PLN", "4.30", 2,
            ("Łucja Woźniak", "Paweł Świątek", "Zofia Dąbrowska", "Grzegorz Błaszczyk"),
            (("ul. Długa 12", "80-831", "Gdańsk"), ("ul. Świdnicka 36", "50-068", "Wrocław"))),
    Country("ES", 6, "EUR", "1", 2,
            ("Íñigo Arrieta", "Begoña Muñoz", "Lucía Peña"),
            (("Calle Mayor 18", "31001", "Pamplona"), ("Avenida del Puerto 95", "46023", "València"))),
    Country("IT", 5, "EUR", "1", 2,
            ("Niccolò Ferrari", "Giulia Esposito", "Beatrice Zanella"),
            (("Via Garibaldi 9", "10122", "Torino"), ("Corso Umberto I 54", "80138", "Napoli"))),
    Country("SE", 5, "SEK", "11.40", 2,
            ("Åsa Lindström", "Björn Öhman", "Märta Sjögren"),
            (("Götgatan 78", "118 30", "Stockholm"), ("Östra Hamngatan 5", "411 10", "Göteborg"))),
    Country("NL", 4, "EUR", "1", 2,
            ("Noël van der Veen", "Femke de Boer", "Daniël Koster"),
            (("Prinsengracht 263", "1016 GV", "Amsterdam"), ("Voorstraat 40", "3512 AN", "Utrecht"))),
    Country("DK", 3, "DKK", "7.46", 2,
            ("Søren Kjær", "Astrid Nørgaard"),
            (("Nørrebrogade 22", "2200", "København N"), ("Åboulevarden 31", "8000", "Aarhus"))),
    Country("CZ", 3, "CZK", "25.20", 2,
            ("Tomáš Růžička", "Eliška Dvořáková"),
            (("Křižíkova 148", "186 00", "Praha"), ("Údolní 11", "602 00", "Brno"))),
    Country("CH", 3, "CHF", "0.95", 2,
            ("Urs Häfliger", "Noémie Rochat"),
            (("Rämistrasse 6", "8001", "Zürich"), ("Rue du Lac 17", "1020", "Renens"))),
    Country("GR", 2, "EUR", "1", 2,
            ("Ελένη Παπαδάκη", "Γιώργος Νικολάου"),
            (("Ερμού 45", "105 63", "Αθήνα"), ("Τσιμισκή 80", "546 22", "Θεσσαλονίκη"))),
    Country("JP", 3, "JPY", "162", 0,
            ("佐藤 美咲", "高橋 健太", "小林 さくら"),
            (("下京区四条通1-2", "600-8001", "京都市"), ("中央区銀座4-6", "104-0061", "東京都"))),
    Country("IS", 2, "ISK", "150", 0,
            ("Guðrún Þórsdóttir", "Sigurður Ásgeirsson"),
            (("Laugavegur 28", "101", "Reykjavík"), ("Þórunnarstræti 93", "600", "Akureyri"))),
)  # fmt: skip

# SKU, name, price in euro.
CATALOGUE = (
    ("TEA-ASSAM-250", "Assam, 250 g", "11.90"),
    ("TEA-SENCHA-100", "Sencha, 100 g", "9.50"),
    ("TEA-OOLONG-100", "Oolong, 100 g", "14.20"),
    ("TEA-CHAMO-50", "Kamille, 50 g", "4.80"),
    ("TEA-GENMAI-100", "玄米茶, 100 g", "8.60"),
    ("POT-CAST-08", "Cast-iron pot, 0.8 l", "64.00"),
    ("POT-GLASS-12", "Glass pot, 1.2 l", "29.90"),
    ("CUP-BLUE-2", "Cup, blue, pair", "18.40"),
    ("CUP-FAIENCE", "Tasse en faïence", "12.75"),
    ("TIN-150", "Tin, 150 g", "6.30"),
    ("FILTER-100", "Paper filters, 100", "3.95"),
    ("SPOON-BRASS", "Brass measuring spoon", "7.10"),
)
ENGRAVED = ("SPOON-ENGRAVED", "Silver spoon, engraved", "39.00")
ENGRAVINGS = ("Für Oma", "À Chloé", "Emil, 1. 3. 2026", "Tack för allt", "Happy 60th!", "With love")

ENGRAVED_EVERY = 167  # Every so many orders has an engraved item ...
EURO_SIGN_EVERY = 111  # ... or comes from the app that writes the euro as a sign.


def make_orders() -> list[dict[str, Any]]:
    """The orders, oldest first. Equal on every run and every Python version: only `random()` is drawn from the seed."""
    chance = random.Random(SEED)
    placed_at = OPENING
    orders = []
    for number in range(1, ORDER_COUNT + 1):
        placed_at += timedelta(seconds=1 + _below(chance, 2 * SECONDS_BETWEEN_ORDERS - 1))
        orders.append(_make_order(chance, number, placed_at))
    return orders


def as_json_lines(orders: list[dict[str, Any]]) -> str:
    """One order a line, UTF-8 as it is, no spaces."""
    return "".join(json.dumps(order, ensure_ascii=False, separators=(",", ":")) + "\n" for order in orders)


def _make_order(chance: random.Random, number: int, placed_at: datetime) -> dict[str, Any]:
    country = _pick(chance, COUNTRIES, [country.weight for country in COUNTRIES])
    picked = [_make_item(chance, country) for _ in range(_pick(chance, (1, 2, 3), (66, 26, 8)))]
    items = list({item["sku"]: item for item in picked}.values())  # A thing picked twice is one line.
    if number % ENGRAVED_EVERY == 0:
        items.append(_engraved_item(chance, country))
    street, postcode, city = _pick(chance, country.places)
    order: dict[str, Any] = {
        "order_id": f"R-{number:05d}",
        "placed_at": placed_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "channel": _pick(chance, ("web", "app", "market"), (60, 30, 10)),
        "customer": _pick(chance, country.names),
        "ship_to": {"street": street, "postcode": postcode, "city": city, "country": country.code},
        "items": items,
        "currency": country.currency,
        "total": _money(sum((Decimal(item["price"]) * item["qty"] for item in items), Decimal(0)), country),
        "payment": {
            "provider": _pick(chance, ("kontopay", "cardlane", "tidepay"), (56, 40, 4)),
            "id": f"pay_{int(chance.random() * 2**32):08x}",
        },
    }
    if country.currency == "EUR" and number % EURO_SIGN_EVERY == 0:
        order["channel"], order["currency"] = "app", "€"
    return order


def _make_item(chance: random.Random, country: Country) -> dict[str, Any]:
    sku, name, euros = _pick(chance, CATALOGUE)
    quantity = _pick(chance, (1, 2, 3, 4), (70, 20, 7, 3))
    return {"sku": sku, "name": name, "qty": quantity, "price": _local_price(euros, country)}


def _engraved_item(chance: random.Random, country: Country) -> dict[str, Any]:
    sku, name, euros = ENGRAVED
    text = _pick(chance, ENGRAVINGS)
    return {"sku": sku, "name": name, "qty": 1, "price": _local_price(euros, country), "engraving": text}


def _local_price(euros: str, country: Country) -> str:
    return _money(Decimal(euros) * Decimal(country.per_euro), country)


def _money(amount: Decimal, country: Country) -> str:
    return str(amount.quantize(Decimal(1).scaleb(-country.decimals)))


def _below(chance: random.Random, end: int) -> int:
    return int(chance.random() * end)


def _pick(chance: random.Random, things: Sequence[T], weights: Sequence[int] | None = None) -> T:
    weights = weights or [1] * len(things)
    left = _below(chance, sum(weights))
    for thing, weight in zip(things, weights, strict=True):
        left -= weight
        if left < 0:
            return thing
    raise AssertionError("the weights do not add up")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if the file would change")
    arguments = parser.parse_args(argv)
    made = as_json_lines(make_orders()).encode()
    if arguments.check:
        same = ORDERS_FILE.exists() and ORDERS_FILE.read_bytes() == made
        print(f"{ORDERS_FILE}: {'as made by this script' if same else 'differs from what this script makes'}")
        return 0 if same else 1
    ORDERS_FILE.parent.mkdir(parents=True, exist_ok=True)
    ORDERS_FILE.write_bytes(made)
    print(f"{ORDERS_FILE}: {ORDER_COUNT:,} orders, {len(made):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
