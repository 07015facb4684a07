CREATE TEMP TABLE sets AS SELECT interface, protocol, dstport, src, action, count(*) AS records, sum(bytes) AS bytes, grouping_id(interface, protocol, dstport, src) AS kind
  FROM records WHERE action IS NOT NULL
  GROUP BY GROUPING SETS ((interface, action), (protocol, action), (dstport, action), (src, action), (action));
SELECT 'action' AS what, action AS name, records AS n FROM sets WHERE kind = 15
UNION ALL SELECT 'series', 'all', count(*) FROM sets WHERE kind NOT IN (14, 15)
UNION ALL (SELECT 'source', src, CAST(sum(bytes) AS BIGINT) FROM sets WHERE kind = 14 GROUP BY src ORDER BY 3 DESC LIMIT 10);
