WITH sources AS (SELECT src, action, count(*) AS records, sum(bytes) AS bytes FROM records WHERE action IS NOT NULL GROUP BY ALL)
SELECT 'action' AS what, action AS name, CAST(sum(records) AS BIGINT) AS n FROM sources GROUP BY action
UNION ALL (SELECT 'source', src, CAST(sum(bytes) AS BIGINT) FROM sources GROUP BY src ORDER BY 3 DESC LIMIT 10);
