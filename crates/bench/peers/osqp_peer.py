"""OSQP on an assembled fleet problem: JSON on standard input, JSON on standard output.

Needs `pip install osqp numpy scipy`; the bench says so and goes on without OSQP where they are missing.
"""
import json
import sys
import time

import numpy
import osqp
import scipy.sparse


def matrix(form):
    parts = (numpy.array(form["values"], float), numpy.array(form["indices"], int), numpy.array(form["starts"], int))
    return scipy.sparse.csc_matrix(parts, shape=(form["rows"], form["columns"]))


def main():
    problem = json.load(sys.stdin)
    lower = numpy.array([-numpy.inf if v is None else v for v in problem["lower"]], float)
    upper, q = numpy.array(problem["upper"], float), numpy.array(problem["q"], float)
    p, a = matrix(problem["p"]), matrix(problem["a"])
    walls = []
    for _ in range(problem["repetitions"]):
        start = time.perf_counter()
        solver = osqp.OSQP()
        # A penalty that follows the clock would not repeat; one that follows the iterations does.
        solver.setup(p, q, a, lower, upper, eps_abs=problem["tolerance"], eps_rel=problem["tolerance"],
                     max_iter=100000, adaptive_rho_interval=50, verbose=False)
        found = solver.solve()
        walls.append(1e3 * (time.perf_counter() - start))
    x = numpy.nan_to_num(numpy.asarray(found.x, float))
    status = {"solved": "optimal", "primal infeasible": "infeasible", "dual infeasible": "unbounded"}
    json.dump({"status": status.get(found.info.status, found.info.status), "x": x.tolist(),
               "iterations": int(found.info.iter), "walls": walls}, sys.stdout)


if len(sys.argv) > 1 and sys.argv[1] == "--version":
    print(osqp.__version__)
else:
    main()
