-- Enter operators' actions in their order, each once.
SELECT enter_alarm_action(action)
  FROM (SELECT action
          FROM unnest(%(actions)s::jsonb[]) WITH ORDINALITY AS given (action, place)
         ORDER BY place) AS ordered
