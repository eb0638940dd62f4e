-- Which Cloud Run services logged, where, and how many entries each.
SELECT
  IFNULL(JSON_VALUE(resource.labels.service_name), '') AS service,
  IFNULL(JSON_VALUE(resource.labels.location), '') AS location,
  COUNT(*) AS entries
FROM @view
WHERE @span
  AND @service
GROUP BY service, location
