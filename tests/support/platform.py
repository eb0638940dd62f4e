"""The bundled platform: what the readers of its entries and the askers of its endpoints are given."""

from logwatch.judge.rules.service import load_service
from logwatch.settings import bundled

SERVICE = load_service(bundled("rules"))
SHAPE = SERVICE.log.shape
SUMMARY, SLOW_REQUEST = "[OpsMetrics] 60s summary", "[SlowRequest]"
DATABASE_PING, REDIS_PING = "database.ping_ms", "redis.ping_ms"
PREFIX = "custom.googleapis.com/o4o/"
