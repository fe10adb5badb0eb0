"""Solves exported files with HiGHS and writes what it finds as `cosmosmesh.solution/1`, for `cosmosmesh catopt certify`.

    python3 highs.py bus.mps bus.lp bus.mof.json

Beside each file comes FILE.solution.json, if HiGHS finds an optimum; a line of JSON says how each went, and the exit code is 1 unless all are optimal.
HiGHS takes whole numbers in linear problems only, and says "Not Set" of quadratic ones.
Needs `pip install highspy[extras]`; the extras hold HiPO, HiGHS's interior point for quadratic problems.
Without them its active-set method solves small problems as well, and large ones in minutes or not at all.
"""
import json
import os
import sys
import time

import highspy
import numpy

INFINITY = highspy.kHighsInf
# HiGHS adds 1e-7 to the diagonal of a quadratic cost unless told otherwise, which moves optima by more than 1e-6.
ALWAYS = {"output_flag": False, "time_limit": 600.0, "qp_regularization_value": 0.0, "ipm_optimality_tolerance": 1e-10}
# The active-set method loses feasibility where bounds are wide, and notices; its own scaling of bounds helps.
WAYS = [{"solver": "hipo"}, {}, {"user_bound_scale": 10}, {"user_bound_scale": 5}]


def build(highs, model):
    """MathOptFormat, which HiGHS does not read, by its calls.

    Half the quadratic terms' sum counts, the same two columns in either order are one pair, and what comes twice is summed.
    """
    at = {variable["name"]: k for k, variable in enumerate(model["variables"])}
    n, function = len(at), model["objective"]["function"]
    lower, upper, cost, rows, whole = [-INFINITY] * n, [INFINITY] * n, [0.0] * n, [], []
    for constraint in model["constraints"]:
        limits, of = constraint["set"], constraint["function"]
        low, high = (limits.get("value", limits.get(side, none)) for side, none in (("lower", -INFINITY), ("upper", INFINITY)))
        if of["type"] == "Variable":
            j = at[of["name"]]
            if limits["type"] in ("Integer", "ZeroOne"):
                whole.append(j)
                low, high = (0.0, 1.0) if limits["type"] == "ZeroOne" else (-INFINITY, INFINITY)
            lower[j], upper[j] = max(lower[j], low), min(upper[j], high)
        else:
            terms = [(at[term["variable"]], term["coefficient"]) for term in of["terms"]]
            rows.append((constraint["name"], low, high, terms))
    for term in function["affine_terms"]:
        cost[at[term["variable"]]] += term["coefficient"]
    for j, variable in enumerate(model["variables"]):
        highs.addCol(cost[j], lower[j], upper[j], 0, [], [])
        highs.passColName(j, variable["name"])
    for j in whole:
        highs.changeColIntegrality(j, highspy.HighsVarType.kInteger)
    if model["objective"]["sense"] == "max":
        highs.changeObjectiveSense(highspy.ObjSense.kMaximize)
    for k, (name, low, high, terms) in enumerate(rows):
        columns, values = numpy.array([j for j, _ in terms], dtype=numpy.int32), numpy.array([v for _, v in terms])
        highs.addRow(low, high, len(terms), columns, values)
        highs.passRowName(k, name)
    highs.changeObjectiveOffset(function["constant"])
    hessian = [{} for _ in range(n)]
    for term in function["quadratic_terms"]:
        i, j = sorted((at[term["variable_1"]], at[term["variable_2"]]))
        hessian[i][j] = hessian[i].get(j, 0.0) + term["coefficient"]
    starts = numpy.cumsum([0] + [len(column) for column in hessian]).astype(numpy.int32)
    entries = [(j, column[j]) for column in hessian for j in sorted(column)]
    if entries:
        index, value = numpy.array([j for j, _ in entries], dtype=numpy.int32), numpy.array([v for _, v in entries])
        highs.passHessian(n, len(entries), highspy.HessianFormat.kTriangular, starts, index, value)


def solve(path):
    """HiGHS with its answer, the way that led to it, and its words."""
    for way in WAYS:
        highs = highspy.Highs()
        for key, value in {**ALWAYS, **way}.items():
            highs.setOptionValue(key, value)
        if not os.path.isfile(path):
            return highs, "", "unread"
        if path.endswith(".mof.json"):
            with open(path) as file:
                build(highs, json.load(file))
        elif highs.readModel(path) == highspy.HighsStatus.kError:
            return highs, "", "unread"
        highs.run()
        status = highs.modelStatusToString(highs.getModelStatus())
        if status in ("Optimal", "Infeasible"):
            break
    return highs, way, status


def names(path):
    """What the short names of an LP file stand for: its comments say so."""
    if not path.endswith(".lp"):
        return {}
    with open(path) as file:
        lines = (line[2:].strip().split(" = ", 1) for line in file if line.startswith("\\ "))
        return dict(line for line in lines if len(line) == 2)


def main(paths):
    optimal = True
    for path in paths:
        begun = time.perf_counter()
        highs, way, status = solve(path)
        wall, real = time.perf_counter() - begun, names(path)
        objective = highs.getInfo().objective_function_value if status == "Optimal" else None
        optimal &= status == "Optimal"
        if os.path.isfile(path + ".solution.json"):
            os.remove(path + ".solution.json")
        if status == "Optimal":
            lp, found = highs.getLp(), highs.getSolution()
            columns = [{"name": real.get(name, name), "value": value}
                       for name, value in zip(lp.col_names_, found.col_value) if not (real and name == "one")]
            # In LP a row with two sides is two rows, called after it.
            ends = {name: next((side for side in ("lo", "hi") if real and name.endswith(side)), "") for name in lp.row_names_}
            rows = [{"name": real.get(name.removesuffix(ends[name]), name) + (ends[name] and "#" + ends[name]),
                     "value": value, "dual": dual}
                    for name, value, dual in zip(lp.row_names_, found.row_value, found.row_dual)]
            with open(path + ".solution.json", "w") as file:
                json.dump({"format": "cosmosmesh.solution/1", "problem": lp.model_name_, "objective": objective,
                           "dual_convention": "d_objective_d_rhs", "columns": columns, "rows": rows}, file)
        print(json.dumps({"file": path, "status": status, "objective": objective, "way": way, "wall_s": round(wall, 3)}),
              flush=True)
    return 0 if optimal else 1


if __name__ == "__main__":
    if sys.argv[1:] == ["--version"]:
        print(highspy.Highs().version())
    elif sys.argv[1:]:
        sys.exit(main(sys.argv[1:]))
    else:
        sys.exit(__doc__)
