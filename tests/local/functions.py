"""A function for Flink's Python workers."""

from pyflink.table import DataTypes
from pyflink.table.udf import udf


@udf(result_type=DataTypes.INT(), func_type="pandas")
def doubled(numbers):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - a series of pandas, which has no types here
    return numbers * 2
