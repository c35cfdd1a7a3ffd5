#!/usr/bin/env python3
"""Places orders over HTTP, several at a time, reads each one back, and prints how long that took.

    place_orders.py URL [--orders 200] [--at-once 8]

URL is what deploy.sh printed. Needs nothing but Python. Exit status 1 where an order was lost or wrong.
"""

import argparse
import http.client
import json
import random
import sys
import threading
import time
import urllib.parse
import uuid
from decimal import Decimal

PRICES = {
    "cup-white": Decimal("12.50"),
    "cup-blue": Decimal("13.90"),
    "beans-250": Decimal("8.75"),
    "beans-1000": Decimal("29.95"),
    "grinder": Decimal("89.00"),
}


class Shop:
    """One kept-alive connection to the API."""

    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        # Not every resolver knows that names below .localhost are this machine (RFC 6761).
        address = "127.0.0.1" if parts.hostname.endswith("localhost") else parts.hostname
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self.connection = kind(address, parts.port, timeout=60)
        self.base = parts.path.rstrip("/")
        self.headers = {"Host": parts.netloc, "Content-Type": "application/json"}

    def call(self, method, path, body=None, headers=None):
        """Status, the decoded answer, and the milliseconds that it took."""
        data = json.dumps(body) if body is not None else None
        started = time.perf_counter()
        self.connection.request(method, self.base + path, data, {**self.headers, **(headers or {})})
        response = self.connection.getresponse()
        text = response.read()
        took = (time.perf_counter() - started) * 1000
        try:
            return response.status, json.loads(text), took
        except ValueError:
            return response.status, {"message": text.decode(errors="replace")}, took


class Tally:
    def __init__(self):
        self.placed, self.read, self.problems, self.turnover = [], [], [], Decimal(0)
        self.lock = threading.Lock()

    def problem(self, text):
        with self.lock:
            self.problems.append(text)


def random_order(number):
    skus = random.sample(sorted(PRICES), random.randint(1, 3))
    items = [{"sku": sku, "quantity": random.randint(1, 5)} for sku in skus]
    return {"customer": f"customer{number}@example.com", "items": items}


def place_and_read(shop, number, tally):
    order = random_order(number)
    total = sum(PRICES[item["sku"]] * item["quantity"] for item in order["items"])
    status, placed, place_ms = shop.call("POST", "/orders", order, {"Idempotency-Key": str(uuid.uuid4())})
    if status != 201:
        return tally.problem(f"POST /orders answered {status}: {placed.get('message')}")
    status, stored, read_ms = shop.call("GET", f"/orders/{placed['id']}")
    if status != 200 or stored != placed:
        return tally.problem(f"GET /orders/{placed['id']} answered {status}: {stored}")
    if Decimal(stored["total"]) != total:
        return tally.problem(f"order {placed['id']} totals {stored['total']} instead of {total}")
    with tally.lock:
        tally.placed.append(place_ms)
        tally.read.append(read_ms)
        tally.turnover += total


def work(url, numbers, tally):
    try:
        shop = Shop(url)
        for number in numbers:
            place_and_read(shop, number, tally)
    except (OSError, http.client.HTTPException) as error:
        tally.problem(f"{type(error).__name__}: {error}")


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def row(label, values):
    return (f"  {label:<22} p50 {percentile(values, 0.50):7.2f} ms   p99 {percentile(values, 0.99):7.2f} ms"
            f"   max {max(values):7.2f} ms")


def main():
    parser = argparse.ArgumentParser(description="Places orders over HTTP and prints the latencies.")
    parser.add_argument("url", help="the API's URL, as deploy.sh prints it")
    parser.add_argument("--orders", type=int, default=200, metavar="N")
    parser.add_argument("--at-once", type=int, default=8, metavar="N", help="orders under way at the same time")
    arguments = parser.parse_args()

    first = Tally()
    work(arguments.url, [0], first)
    if first.problems:
        sys.exit(f"The first order failed. {first.problems[0]}")
    one = Tally()
    work(arguments.url, range(1, 1 + min(50, arguments.orders)), one)

    many = Tally()
    numbers = range(1, 1 + arguments.orders)
    threads = [threading.Thread(target=work, args=(arguments.url, numbers[start::arguments.at_once], many))
               for start in range(arguments.at_once)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started

    print(f"  {'first order (cold)':<22}     {first.placed[0]:7.2f} ms")
    if one.placed:
        print(row("warm, one at a time", one.placed))
    if many.placed:
        print(row(f"place, {arguments.at_once} at a time", many.placed))
        print(row(f"read, {arguments.at_once} at a time", many.read))
        print(f"  {'requests':<22}     {2 * len(many.placed) / seconds:7.0f} /s")
    problems = one.problems + many.problems
    count = len(first.placed) + len(one.placed) + len(many.placed)
    print(f"  {'orders placed':<22}     {count:7d}      worth {first.turnover + one.turnover + many.turnover:,.2f} EUR,"
          f" all read back and equal" + (f"; {len(problems)} FAILED" if problems else ""))
    for text in problems[:5]:
        print(f"  ! {text}", file=sys.stderr)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
