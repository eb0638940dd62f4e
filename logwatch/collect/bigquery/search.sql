-- The newest entries whose message or text holds a text, letter by letter, each as the JSON of a LogEntry and once.
SELECT CONCAT(
  '{"logName":', TO_JSON_STRING(log_name),
  ',"insertId":', TO_JSON_STRING(IFNULL(insert_id, '')),
  ',"timestamp":"', FORMAT_TIMESTAMP('%FT%H:%M:%E6S000Z', timestamp), '"',
  IF(text_payload IS NULL, '', CONCAT(',"textPayload":', TO_JSON_STRING(text_payload))),
  IF(json_payload IS NULL, '', CONCAT(',"jsonPayload":', TO_JSON_STRING(json_payload))), '}'
) AS entry
FROM @view
WHERE @span
  AND @service
  AND (STRPOS(JSON_VALUE(json_payload.message), @text) > 0 OR STRPOS(text_payload, @text) > 0)
QUALIFY IFNULL(insert_id, '') = '' OR ROW_NUMBER() OVER (PARTITION BY log_name, timestamp, insert_id) = 1
ORDER BY timestamp DESC, insert_id DESC
LIMIT @most
