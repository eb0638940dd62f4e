-- The minutes since 1970 in which a service logged anything, of any kind: what tells that it lives.
SELECT DISTINCT DIV(UNIX_SECONDS(timestamp), 60) AS minute
FROM @view
WHERE @span
  AND @service
