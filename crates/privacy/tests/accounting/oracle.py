"""Epsilon of compositions of Gaussian mechanisms, by dp-accounting (PyPI, 0.6.0).

Reads lines `delta multiplier*count multiplier*count ...`; writes the same line with ` rdp pld` behind it.
`rdp` uses the package's default orders; `pld` is a pessimistic estimate, so never below the truth.
"""
import sys

import dp_accounting as dp
from dp_accounting import pld, rdp

for line in sys.stdin:
    delta, *parts = line.split()
    found = []
    for accountant in (rdp.RdpAccountant(), pld.PLDAccountant(value_discretization_interval=1e-3)):
        for part in parts:
            multiplier, count = part.split("*")
            accountant.compose(dp.GaussianDpEvent(float(multiplier)), int(count))
        found.append(accountant.get_epsilon(float(delta)))
    print(line.strip(), *(repr(float(value)) for value in found), flush=True)
