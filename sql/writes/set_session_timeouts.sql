-- For a session that stays open: no idle timeout, but the server ends it within a minute after its client vanished.
SELECT set_config('idle_session_timeout', '0', false),
       set_config('tcp_keepalives_idle', '10', false),
       set_config('tcp_keepalives_interval', '5', false),
       set_config('tcp_keepalives_count', '3', false)
