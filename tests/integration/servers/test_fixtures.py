"""The fixtures that every integration test stands on."""

import psycopg
import redis


def test_each_module_gets_an_empty_redis_and_a_database_of_its_own(
    redis_url: str, database_url: str
) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
    with psycopg.connect(database_url.replace("+psycopg", "")) as connection:
        found = connection.execute("SELECT current_database()").fetchone()
    assert found is not None
    assert found[0].startswith("module_")
