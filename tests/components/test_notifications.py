"""Notifications alone under mocks."""

from components.notifications import Notifications, NotificationsArgs
from tests.mocks import CONTEXT, built


def test_an_encrypted_topic_and_a_subscription_for_each_address() -> None:
    addresses = ["a@example.com", "b@example.com"]
    mocks = built(lambda: Notifications("notifications", NotificationsArgs(context=CONTEXT, emails=addresses)))
    topic = mocks.one("aws:sns/topic:Topic")
    assert (topic["name"], topic["kmsMasterKeyId"]) == ("topic-notifications-dev", CONTEXT.messages_key_arn)
    assert (
        "arn:aws:sns:us-east-1:123456789012:topic-notifications-dev"
        in (mocks.one("aws:sns/topicPolicy:TopicPolicy")["policy"])
    )
    subscriptions = mocks.inputs("aws:sns/topicSubscription:TopicSubscription")
    assert sorted((one["protocol"], one["endpoint"]) for one in subscriptions) == [
        ("email", address) for address in addresses
    ]
