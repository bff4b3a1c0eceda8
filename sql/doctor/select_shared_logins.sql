-- Where every review needs a PIN: logins by which several people have signed in the last 90 days, and how many.
SELECT r.db_role AS login, count(DISTINCT lower(r.who)) AS reviewers
  FROM batch_reviews AS r
 WHERE r.signature = 'signed with a PIN'
   AND r.at > now() - INTERVAL '90 days'
   AND (SELECT p.pin FROM review_policy AS p ORDER BY p.audit_seq DESC LIMIT 1)
 GROUP BY r.db_role
HAVING count(DISTINCT lower(r.who)) > 1
 ORDER BY 1
