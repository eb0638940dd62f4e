-- What `read` asks of a view of log entries (Log Analytics): the engine adds up what is plain, and everything else
-- travels as it is, to be read by the same parser as a file's lines.
--
-- Three kinds of rows come back, a day (UTC) of one thing in each:
--   heads  of an instance's summaries that are added up: time in the day and delay (microseconds), and behind how many
--          minutes a run at the second at which runs look first sees each
--   sums   of a counter: minute of the day, that number of minutes, and the sum over the summaries that share them
--   slow   requests of an instance, as JSON: time in the day and delay (microseconds), duration, label, method, URL
--   entry  any other entry, as the JSON of a LogEntry
--
-- A slow request goes among the packed ones where all of that is as it should be, and nothing else has its identity.
--
-- A summary is added up only where nothing that is decided later needs it alone:
-- * It is plain: each key beside the logger's own is a counter whose value is a whole number, one of them is known, and it
--   has an identity that nothing else has. What is repeated travels with its repetitions.
-- * Those that are added up share log, revision, minute, and the first run that sees them; none has come late by much.
-- * It stands in the minute in which it ends. Who moves summaries to the window beside is not this query but
--   count/alignment.py; here only those are found that may be moved, and these travel alone:
--     - A summary is `fixed` where it stands in its own minute whatever came before it: the first after a pause that its
--       instance's rhythm does not outlast; or one far from the minute's boundary that lies in the minute's first half,
--       or has left out a minute. (Out of it, a summary is moved only where the one before it was moved into it.)
--     - A summary is `doubtful` where it may be moved although the one before it stands in its own minute: as many minutes
--       as time says do not lie between the two; two end in one minute; they arrived in another order; or one of the two
--       is not plain, so that nobody knows here whether it counts.
--     - So where none is doubtful since the last one that is fixed, all stand in their own minutes, one after the other.
--   Without its instance's name, nobody knows which summary comes before one.
WITH found AS (
  SELECT
    log_name, timestamp, receive_timestamp, text_payload, json_payload,
    IFNULL(insert_id, '') AS insert_id,
    UNIX_MICROS(timestamp) AS at,
    UNIX_MICROS(receive_timestamp) AS arrived,
    IFNULL(JSON_VALUE(resource.labels.service_name), '') AS service,
    IFNULL(JSON_VALUE(resource.labels.revision_name), '') AS revision,
    IFNULL(JSON_VALUE(labels, '$.instanceId'), '') AS instance,
    JSON_VALUE(json_payload.message) AS message
  FROM @view
  WHERE @span
    AND @service
),
marked AS (
  SELECT
    *,
    IFNULL(message = @slow_request, FALSE) AS is_slow,
    ROW_NUMBER() OVER (PARTITION BY log_name, at, insert_id ORDER BY arrived) AS copy,
    COUNT(*) OVER (PARTITION BY log_name, at, insert_id) AS copies,
    IFNULL(message = @summary AND insert_id != '' AND instance != '' AND arrived > at, FALSE) AND (
      SELECT
        COUNTIF(REGEXP_CONTAINS(TO_JSON_STRING(json_payload[key]), r'^[0-9]{1,10}(\.0)?$') AND NOT REGEXP_CONTAINS(key, r'["\\]'))
          = COUNT(*)
        AND COUNTIF(@known) > 0
      FROM (SELECT TRIM(spelled, '"') AS key FROM UNNEST(JSON_KEYS(json_payload, 1)) AS spelled)
      WHERE key NOT IN UNNEST(@logger_keys)
    ) AS is_plain
  FROM found
  WHERE
    EXISTS (SELECT 1 FROM UNNEST(@markers) AS marker WHERE STARTS_WITH(message, marker) OR STRPOS(text_payload, marker) > 0
      OR (IFNULL(JSON_TYPE(json_payload.message), '') != 'string' AND STRPOS(TO_JSON_STRING(json_payload), marker) > 0))
    OR REGEXP_CONTAINS(text_payload, @block_line)
),
timed AS (
  SELECT
    *,
    DIV(at, @minute) AS minute,
    DIV(at, @day) AS day,
    MOD(at, @minute) AS phase,
    DIV((GREATEST(at, IFNULL(arrived, at)) - @starts + @minute - 1), @minute) AS seen,
    NOT is_slow AND (copy = 1 OR insert_id = '') AS is_counted
  FROM marked
),
beside AS (
  SELECT
    *,
    minute - LAG(minute) OVER line AS apart,
    DIV((at - LAG(at) OVER line + DIV(@minute, 2)), @minute) AS due,
    IFNULL(LEAD(minute) OVER line = minute, FALSE) AS is_pair,
    IFNULL(LAG(is_plain) OVER line, TRUE) AS follows_plain,
    IFNULL(MAX(seen) OVER (
      PARTITION BY is_counted, instance ORDER BY at, insert_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) > seen, FALSE) AS is_overtaken,
    IFNULL(MIN(seen) OVER (
      PARTITION BY is_counted, instance ORDER BY at, insert_id ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
    ) < seen, FALSE) AS is_late
  FROM timed
  WINDOW line AS (PARTITION BY is_counted, instance ORDER BY at, insert_id)
),
told AS (
  SELECT
    *,
    NOT is_pair AND NOT is_late AND (
      apart IS NULL OR due > @longest_gap
      OR (phase >= @tolerance AND phase < @minute - @tolerance AND (phase < DIV(@minute, 2) OR apart >= 2))
    ) AS is_fixed,
    NOT (is_plain AND follows_plain) OR is_pair OR is_late OR is_overtaken OR IFNULL(apart < 1 OR apart != due, FALSE)
      AS is_doubtful
  FROM beside
),
stretches AS (
  SELECT *, COUNT(IF(is_fixed, 1, NULL)) OVER (PARTITION BY is_counted, instance ORDER BY at, insert_id ROWS UNBOUNDED PRECEDING) AS stretch
  FROM told
),
placed AS (
  SELECT
    *,
    is_counted AND is_plain AND copies = 1 AND arrived - at <= @minute AND COUNT(IF(is_doubtful AND NOT is_fixed, 1, NULL)) OVER (
      PARTITION BY is_counted, instance, stretch ORDER BY at, insert_id ROWS UNBOUNDED PRECEDING
    ) = 0 AS is_added,
    IFNULL(
      is_slow AND copies = 1 AND insert_id != '' AND arrived >= at AND arrived - at < @day
        AND REGEXP_CONTAINS(TO_JSON_STRING(json_payload['durationMs']), r'^[0-9]{1,9}(\.[0-9]{1,12})?$')
        AND LAX_FLOAT64(json_payload['durationMs']) > 0
        AND REGEXP_CONTAINS(
          CONCAT(TO_JSON_STRING(json_payload['label']), TO_JSON_STRING(json_payload['method']), TO_JSON_STRING(json_payload['url'])),
          r'^"[^"\\]+""[^"\\]+""[^"\\]+"$'
        ),
      FALSE
    ) AS is_packed
  FROM stretches
),
sums AS (
  SELECT log_name, revision, day, minute, behind, key, SUM(LAX_INT64(json_payload[key])) AS sum
  FROM (
    SELECT log_name, revision, day, minute, seen - minute AS behind, json_payload, TRIM(spelled, '"') AS key
    FROM placed, UNNEST(JSON_KEYS(json_payload, 1)) AS spelled
    WHERE is_added
  )
  WHERE key NOT IN UNNEST(@logger_keys)
  GROUP BY log_name, revision, day, minute, behind, key
)
SELECT 'heads' AS kind, log_name, revision, instance AS name, day,
  STRING_AGG(FORMAT('%d %d %d', at - day * @day, arrived - at, seen - minute), ' ') AS packed
FROM placed
WHERE is_added
GROUP BY log_name, revision, instance, day
UNION ALL
SELECT 'sums', log_name, revision, key, day, STRING_AGG(FORMAT('%d %d %d', minute - day * 1440, behind, sum), ' ')
FROM sums
GROUP BY log_name, revision, key, day
UNION ALL
SELECT 'slow', log_name, revision, instance, day, STRING_AGG(FORMAT(
  '[%d,%d,%s,%s,%s,%s]', at - day * @day, arrived - at, TO_JSON_STRING(json_payload['durationMs']),
  TO_JSON_STRING(json_payload['label']), TO_JSON_STRING(json_payload['method']), TO_JSON_STRING(json_payload['url'])
), ',')
FROM placed
WHERE is_packed
GROUP BY log_name, revision, instance, day
UNION ALL
SELECT 'entry', '', '', '', 0, CONCAT(
  '{"logName":', TO_JSON_STRING(log_name),
  ',"insertId":', TO_JSON_STRING(insert_id),
  ',"timestamp":"', FORMAT_TIMESTAMP('%FT%H:%M:%E6S000Z', timestamp),
  '","receiveTimestamp":"', IFNULL(FORMAT_TIMESTAMP('%FT%H:%M:%E6S000Z', receive_timestamp), ''),
  '","resource":{"labels":{"service_name":', TO_JSON_STRING(service),
  ',"revision_name":', TO_JSON_STRING(revision),
  '}},"labels":{"instanceId":', TO_JSON_STRING(instance), '}',
  IF(text_payload IS NULL, '', CONCAT(',"textPayload":', TO_JSON_STRING(text_payload))),
  IF(json_payload IS NULL, '', CONCAT(',"jsonPayload":', TO_JSON_STRING(json_payload))), '}'
)
FROM placed
WHERE NOT is_added AND NOT is_packed
