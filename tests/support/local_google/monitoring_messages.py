"""The raw protobuf classes of google.monitoring.v3, without generated stubs."""

from typing import Any

from google.cloud.monitoring_v3 import types


def _raw(wrapper: Any) -> Any:
    return wrapper.pb(wrapper()).__class__


TimeSeries: Any = _raw(types.TimeSeries)
CreateTimeSeriesRequest: Any = _raw(types.CreateTimeSeriesRequest)
CreateTimeSeriesSummary: Any = _raw(types.CreateTimeSeriesSummary)
ListTimeSeriesRequest: Any = _raw(types.ListTimeSeriesRequest)
ListTimeSeriesResponse: Any = _raw(types.ListTimeSeriesResponse)
CreateMetricDescriptorRequest: Any = _raw(types.CreateMetricDescriptorRequest)
GetMetricDescriptorRequest: Any = _raw(types.GetMetricDescriptorRequest)
ListMetricDescriptorsRequest: Any = _raw(types.ListMetricDescriptorsRequest)
ListMetricDescriptorsResponse: Any = _raw(types.ListMetricDescriptorsResponse)
MetricDescriptor: Any = CreateMetricDescriptorRequest().metric_descriptor.__class__

GAUGE: int = MetricDescriptor.GAUGE
DELTA: int = MetricDescriptor.DELTA
CUMULATIVE: int = MetricDescriptor.CUMULATIVE
STRING: int = MetricDescriptor.STRING

VALUE_TYPES: dict[str, int] = {
    f"{name.lower()}_value": number for name, number in MetricDescriptor.ValueType.items() if number != 0
}
"""Field of a TypedValue to number of the type: `double_value` and the like."""


def kind_name(kind: int) -> str:
    """Give GAUGE, DELTA or CUMULATIVE."""
    return str(MetricDescriptor.MetricKind.Name(kind))


def type_name(value_type: int) -> str:
    """Give BOOL, INT64, DOUBLE, ..."""
    return str(MetricDescriptor.ValueType.Name(value_type))
