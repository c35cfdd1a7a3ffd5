"""PynamoDB, used as its tutorial shows: models, indexes, conditions, batches, transactions."""

import pytest

pynamodb = pytest.importorskip("pynamodb")

from pynamodb.attributes import (BooleanAttribute, JSONAttribute, ListAttribute, MapAttribute, NumberAttribute,
                                 UnicodeAttribute, UnicodeSetAttribute, UTCDateTimeAttribute, VersionAttribute)
from pynamodb.connection import Connection
from pynamodb.exceptions import DeleteError, DoesNotExist, PutError, TransactWriteError, UpdateError
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection, LocalSecondaryIndex
from pynamodb.models import Model
from pynamodb.transactions import TransactGet, TransactWrite


@pytest.fixture
def thread_model(endpoint, unique_name):
    class Access:
        host, region = endpoint, "us-east-1"
        aws_access_key_id = aws_secret_access_key = "test"
        max_retry_attempts = 0

    class ViewIndex(GlobalSecondaryIndex):
        class Meta(Access):
            index_name, projection = "view-index", AllProjection()
            read_capacity_units = write_capacity_units = 1
        forum_name = UnicodeAttribute(hash_key=True)
        views = NumberAttribute(range_key=True)

    class ReplyIndex(LocalSecondaryIndex):
        class Meta(Access):
            index_name, projection = "reply-index", KeysOnlyProjection()
        forum_name = UnicodeAttribute(hash_key=True)
        replies = NumberAttribute(range_key=True)

    class Author(MapAttribute):
        name = UnicodeAttribute()
        age = NumberAttribute(null=True)

    class Thread(Model):
        class Meta(Access):
            table_name = unique_name("thread")
            read_capacity_units = write_capacity_units = 1
        forum_name = UnicodeAttribute(hash_key=True)
        subject = UnicodeAttribute(range_key=True)
        views = NumberAttribute(default=0)
        replies = NumberAttribute(default=0)
        answered = BooleanAttribute(null=True)
        tags = UnicodeSetAttribute(null=True)
        notes = ListAttribute(null=True)
        author = Author(null=True)
        extra = JSONAttribute(null=True)
        posted = UTCDateTimeAttribute(null=True)
        view_index, reply_index = ViewIndex(), ReplyIndex()

    Thread.create_table(wait=True)
    Thread.Author = Author
    yield Thread
    Thread.delete_table()


def test_items_and_conditions(thread_model):
    from datetime import datetime, timezone
    Thread, now = thread_model, datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    thread = Thread("forum", "subject", tags={"a", "b"}, notes=[1, "x"], author=Thread.Author(name="ann", age=3),
                    extra={"deep": [1, None]}, posted=now)
    thread.save(Thread.subject.does_not_exist())
    with pytest.raises(PutError) as refused:
        Thread("forum", "subject").save(Thread.subject.does_not_exist())
    assert refused.value.cause_response_code == "ConditionalCheckFailedException"
    got = Thread.get("forum", "subject", consistent_read=True)
    assert (got.tags, got.notes, got.author.name, got.extra, got.posted) == ({"a", "b"}, [1, "x"], "ann", {"deep": [1, None]}, now)
    got.update(actions=[
        Thread.views.set(Thread.views + 2), Thread.replies.add(1), Thread.tags.delete({"a"}), Thread.author.age.remove(),
        Thread.notes.set(Thread.notes.append(["y"])), Thread.answered.set(True),
    ], condition=(Thread.views == 0) & Thread.author.name.startswith("a") & ~Thread.answered.exists())
    assert (got.views, got.replies, got.tags, got.author.age, got.notes, got.answered) == (2, 1, {"b"}, None, [1, "x", "y"], True)
    with pytest.raises(UpdateError):
        got.update(actions=[Thread.views.set(0)], condition=Thread.views.is_in(7, 8) | (Thread.views > 10))
    with pytest.raises(DeleteError):
        got.delete(Thread.tags.contains("a"))
    got.refresh()
    got.delete(Thread.views.between(1, 3))
    with pytest.raises(DoesNotExist):
        Thread.get("forum", "subject")


def test_queries_batches_and_indexes(thread_model):
    Thread = thread_model
    with Thread.batch_write() as batch:
        for i in range(30):
            batch.save(Thread(f"forum-{i % 2}", f"subject-{i:02}", views=i, replies=30 - i))
    assert Thread.count() == 30 and Thread.count("forum-1") == 15
    assert [t.subject for t in Thread.query("forum-0", Thread.subject.startswith("subject-0"))] == [
        f"subject-0{i}" for i in (0, 2, 4, 6, 8)]
    page = Thread.query("forum-0", limit=4, page_size=3, scan_index_forward=False, filter_condition=Thread.views > 5)
    assert [t.views for t in page] == [28, 26, 24, 22] and page.last_evaluated_key
    assert [t.views for t in Thread.view_index.query("forum-1", Thread.views > 20)] == [21, 23, 25, 27, 29]
    assert [t.subject for t in Thread.reply_index.query("forum-0", Thread.replies < 5)] == ["subject-28", "subject-26"]
    keys = [(f"forum-{i % 2}", f"subject-{i:02}") for i in range(30)] + [("no", "one")]
    assert len(list(Thread.batch_get(keys, attributes_to_get=["forum_name", "subject"]))) == 30
    assert sum(len(list(Thread.scan(segment=s, total_segments=3))) for s in range(3)) == 30
    assert sorted(t.views for t in Thread.scan(Thread.views.is_in(1, 2, 3))) == [1, 2, 3]
    rates = list(Thread.rate_limited_scan(read_capacity_units_per_second=1000)) if hasattr(Thread, "rate_limited_scan") else keys[:30]
    assert len(rates) == 30
    with Thread.batch_write() as batch:
        for item in list(Thread.scan()):
            batch.delete(item)
    assert Thread.count() == 0


def test_transactions(thread_model, endpoint, monkeypatch):
    Thread = thread_model
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    connection = Connection(host=endpoint, region="us-east-1")
    Thread("f", "one", views=1).save()
    with TransactWrite(connection=connection, client_request_token="pynamodb-token") as write:
        write.save(Thread("f", "two"), condition=Thread.subject.does_not_exist())
        write.update(Thread("f", "one"), actions=[Thread.views.add(5)])
        write.condition_check(Thread, "f", "three", condition=Thread.subject.does_not_exist())
    with TransactGet(connection=connection) as read:
        one, two = read.get(Thread, "f", "one"), read.get(Thread, "f", "two")
    assert (one.get().views, two.get().views) == (6, 0)
    with pytest.raises(TransactWriteError) as stopped:
        with TransactWrite(connection=connection) as write:
            write.delete(Thread("f", "two"))
            write.condition_check(Thread, "f", "one", condition=Thread.views == 0)
    reasons = [reason and reason.code for reason in stopped.value.cancellation_reasons]
    assert reasons == ["ConditionalCheckFailed", None]  # PynamoDB sends its checks first
    assert Thread.count("f") == 2


# Optimistic locking by a version attribute, as the library documents it.
def test_versions(endpoint, unique_name):
    class Office(Model):
        class Meta:
            table_name, host, region, billing_mode = unique_name("office"), endpoint, "us-east-1", "PAY_PER_REQUEST"
            aws_access_key_id = aws_secret_access_key = "test"
        name = UnicodeAttribute(hash_key=True)
        city = UnicodeAttribute(null=True)
        version = VersionAttribute()

    Office.create_table(wait=True)
    try:
        mine = Office("north")
        mine.save()
        theirs = Office.get("north")
        mine.city = "Oslo"
        mine.save()
        with pytest.raises(PutError):
            theirs.save()
        theirs.refresh()
        theirs.update(actions=[Office.city.set("Bergen")])
        assert (theirs.version, Office.get("north").city) == (3, "Bergen")
    finally:
        Office.delete_table()
