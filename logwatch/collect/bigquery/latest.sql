-- The time of a service's latest entry, of any kind, in microseconds since 1970.
SELECT UNIX_MICROS(MAX(timestamp)) AS at
FROM @view
WHERE @span
  AND @service
