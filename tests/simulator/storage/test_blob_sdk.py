"""The unmodified azure-storage-blob works against the simulator."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import (
    AccountSasPermissions,
    BlobBlock,
    BlobSasPermissions,
    BlobServiceClient,
    ContainerSasPermissions,
    ContentSettings,
    ResourceTypes,
    StandardBlobTier,
    generate_account_sas,
    generate_blob_sas,
    generate_container_sas,
)

SOON = datetime.now(UTC) + timedelta(hours=1)


@pytest.fixture
def service(storage: Any) -> Any:
    return storage.client(BlobServiceClient, max_single_put_size=256 * 1024, max_block_size=100 * 1024)


@pytest.fixture
def container(service: Any) -> Any:
    return service.create_container("box")


def test_containers_come_and_go(service: Any) -> None:
    box = service.create_container("box", metadata={"owner": "me"})
    with pytest.raises(ResourceExistsError):
        service.create_container("box")
    assert box.get_container_properties().metadata == {"owner": "me"}
    box.set_container_metadata({"owner": "you"})
    assert [(one.name, one.metadata) for one in service.list_containers(include_metadata=True)] == [
        ("box", {"owner": "you"})
    ]
    box.delete_container()
    with pytest.raises(ResourceNotFoundError):
        box.get_container_properties()


@pytest.mark.parametrize("size", [0, 10, 70_000, 300_000, 1_000_001])
def test_what_is_uploaded_is_downloaded(container: Any, size: int) -> None:
    data = bytes(index % 251 for index in range(size))
    blob = container.upload_blob(
        "a/b c.bin", data, metadata={"k": "v"}, content_settings=ContentSettings(content_type="text/x")
    )
    assert blob.download_blob().readall() == data
    found = blob.get_blob_properties()
    assert (found.size, found.metadata, found.content_settings.content_type) == (size, {"k": "v"}, "text/x")
    if size > 100:
        assert blob.download_blob(offset=50, length=40).readall() == data[50:90]


def test_an_upload_does_not_overwrite_unless_told_to(container: Any) -> None:
    blob = container.upload_blob("one", b"first")
    with pytest.raises(ResourceExistsError):
        container.upload_blob("one", b"second")
    container.upload_blob("one", b"third", overwrite=True)
    assert blob.download_blob().readall() == b"third"


def test_blocks_count_once_they_are_committed(container: Any) -> None:
    blob = container.get_blob_client("blocks")
    for index in range(3):
        blob.stage_block(f"{index}", bytes([65 + index]) * 10)
    with pytest.raises(ResourceNotFoundError):
        blob.get_blob_properties()
    committed, waiting = blob.get_block_list("all")
    assert (len(committed), [one.size for one in waiting]) == (0, [10, 10, 10])
    blob.commit_block_list([BlobBlock("2"), BlobBlock("0")])
    assert blob.download_blob().readall() == b"C" * 10 + b"A" * 10
    blob.stage_block("3", b"z")
    blob.commit_block_list([BlobBlock("0"), BlobBlock("3"), BlobBlock("0")])
    assert blob.download_blob().readall() == b"A" * 10 + b"z" + b"A" * 10
    with pytest.raises(HttpResponseError) as caught:
        blob.commit_block_list([BlobBlock("1")])
    assert caught.value.error_code == "InvalidBlockList"


def test_append_blobs_grow(container: Any) -> None:
    blob = container.get_blob_client("log")
    blob.create_append_blob()
    blob.append_block(b"one ")
    blob.append_block(b"two", appendpos_condition=4)
    with pytest.raises(HttpResponseError) as caught:
        blob.append_block(b"x", appendpos_condition=4)
    assert caught.value.error_code == "AppendPositionConditionNotMet"
    assert blob.download_blob().readall() == b"one two"


def test_page_blobs_are_written_in_pages(container: Any) -> None:
    blob = container.get_blob_client("disk")
    blob.create_page_blob(4096)
    blob.upload_page(b"x" * 1024, offset=512, length=1024)
    blob.upload_page(b"y" * 512, offset=1024, length=512)
    blob.clear_page(offset=512, length=512)
    data = blob.download_blob().readall()
    assert data == bytes(1024) + b"y" * 512 + bytes(2560)
    assert [(one["start"], one["end"]) for one in blob.get_page_ranges()[0]] == [(1024, 1535)]
    blob.resize_blob(512)
    assert blob.download_blob().readall() == bytes(512)


def test_lists_have_prefixes_pages_and_what_is_included(container: Any) -> None:
    for name in ("a/1", "a/2", "b", "c/x/y"):
        container.upload_blob(name, b"1", metadata={"n": name[0]}, tags={"kind": name[0]})
    assert [one.name for one in container.list_blobs()] == ["a/1", "a/2", "b", "c/x/y"]
    assert sorted(one.name for one in container.walk_blobs()) == ["a/", "b", "c/"]
    assert [one.name for one in container.list_blobs(name_starts_with="a/")] == ["a/1", "a/2"]
    pages = list(container.list_blobs(results_per_page=3).by_page())
    assert [[one.name for one in page] for page in pages] == [["a/1", "a/2", "b"], ["c/x/y"]]
    found = next(iter(container.list_blobs(include=["metadata", "tags"])))
    assert (found.metadata, found.tags) == ({"n": "a"}, {"kind": "a"})
    assert [one.name for one in container.find_blobs_by_tags("kind='b'")] == ["b"]


def test_conditions_are_kept(container: Any) -> None:
    blob = container.upload_blob("one", b"1")
    etag = blob.get_blob_properties().etag
    from azure.core import MatchConditions

    blob.set_blob_metadata({"a": "b"}, etag=etag, match_condition=MatchConditions.IfNotModified)
    with pytest.raises(ResourceModifiedError):
        blob.set_blob_metadata({"a": "c"}, etag=etag, match_condition=MatchConditions.IfNotModified)


def test_a_lease_locks_a_blob(container: Any) -> None:
    blob = container.upload_blob("one", b"1")
    lease = blob.acquire_lease(15)
    with pytest.raises(HttpResponseError) as caught:
        blob.upload_blob(b"2", overwrite=True)
    assert caught.value.error_code == "LeaseIdMissing"
    blob.upload_blob(b"2", overwrite=True, lease=lease)
    with pytest.raises(HttpResponseError) as caught:
        blob.acquire_lease()
    assert caught.value.error_code == "LeaseAlreadyPresent"
    lease.renew()
    lease.break_lease(0)
    assert blob.get_blob_properties().lease.state == "broken"
    blob.delete_blob()


def test_snapshots_keep_what_was_there(container: Any) -> None:
    blob = container.upload_blob("one", b"old" * 50_000)
    snapshot = blob.create_snapshot()["snapshot"]
    blob.upload_blob(b"new", overwrite=True)
    assert container.get_blob_client("one", snapshot=snapshot).download_blob().readall() == b"old" * 50_000
    with pytest.raises(HttpResponseError) as caught:
        blob.delete_blob()
    assert caught.value.error_code == "SnapshotsPresent"
    blob.delete_blob(delete_snapshots="include")
    assert list(container.list_blobs(include=["snapshots"])) == []


def test_versions_keep_what_is_overwritten_and_deleted(storage: Any, container: Any) -> None:
    storage.service(isVersioningEnabled=True)
    blob = container.get_blob_client("one")
    first = blob.upload_blob(b"1")["version_id"]
    blob.upload_blob(b"2", overwrite=True)
    assert container.get_blob_client("one", version_id=first).download_blob().readall() == b"1"
    blob.delete_blob()
    assert not blob.exists()
    assert [one.is_current_version for one in container.list_blobs(include=["versions"])] == [None, None]
    blob.start_copy_from_url(f"{blob.url}?versionid={first}")
    assert blob.download_blob().readall() == b"1"


def test_deleted_blobs_come_back_while_retention_lasts(storage: Any, container: Any) -> None:
    storage.service(deleteRetentionPolicy={"enabled": True, "days": 7})
    blob = container.upload_blob("one", b"1")
    blob.delete_blob()
    assert list(container.list_blobs()) == []
    found = next(iter(container.list_blobs(include=["deleted"])))
    assert (found.deleted, found.remaining_retention_days) == (True, 7)
    blob.undelete_blob()
    assert blob.download_blob().readall() == b"1"


def test_deleted_containers_come_back(storage: Any, service: Any) -> None:
    storage.service(containerDeleteRetentionPolicy={"enabled": True, "days": 3})
    box = service.create_container("box")
    box.upload_blob("one", b"1")
    box.delete_container()
    gone = next(iter(service.list_containers(include_deleted=True)))
    assert gone.deleted
    back = service.undelete_container("box", gone.version)
    assert back.download_blob("one").readall() == b"1"


def test_copies_share_content_and_survive_their_source(container: Any) -> None:
    data = bytes(200_000)
    source = container.upload_blob("from", data, metadata={"k": "v"})
    target = container.get_blob_client("to")
    copied = target.start_copy_from_url(source.url)
    assert copied["copy_status"] == "success"
    source.delete_blob()
    assert target.download_blob().readall() == data
    assert target.get_blob_properties().metadata == {"k": "v"}
    with pytest.raises(HttpResponseError) as caught:
        target.abort_copy(copied["copy_id"])
    assert caught.value.error_code == "NoPendingCopyOperation"


def test_the_archive_has_to_be_left_before_reading(storage: Any, container: Any) -> None:
    blob = container.upload_blob("one", b"1")
    blob.set_standard_blob_tier(StandardBlobTier.ARCHIVE)
    with pytest.raises(HttpResponseError) as caught:
        blob.download_blob()
    assert caught.value.error_code == "BlobArchived"
    blob.set_standard_blob_tier(StandardBlobTier.HOT)
    assert blob.get_blob_properties().archive_status == "rehydrate-pending-to-hot"
    storage.simulator.clock.advance(2)
    assert blob.get_blob_properties().blob_tier == "Hot"
    assert blob.download_blob().readall() == b"1"


def test_account_signatures_allow_what_they_say(storage: Any, container: Any) -> None:
    container.upload_blob("one", b"1")
    token = generate_account_sas(
        "labstore", storage.key, ResourceTypes(object=True), AccountSasPermissions(read=True), SOON
    )
    mine = storage.client(BlobServiceClient, token)
    assert mine.get_blob_client("box", "one").download_blob().readall() == b"1"
    with pytest.raises(HttpResponseError) as caught:
        mine.get_blob_client("box", "one").delete_blob()
    assert caught.value.error_code == "AuthorizationPermissionMismatch"
    with pytest.raises(HttpResponseError) as caught:
        mine.get_container_client("box").get_container_properties()
    assert caught.value.error_code == "AuthorizationResourceTypeMismatch"


def test_service_signatures_are_for_one_container_or_blob(storage: Any, container: Any) -> None:
    container.upload_blob("one", b"1")
    token = generate_container_sas(
        "labstore", "box", storage.key, permission=ContainerSasPermissions(list=True), expiry=SOON
    )
    mine = storage.client(BlobServiceClient, token)
    assert [one.name for one in mine.get_container_client("box").list_blobs()] == ["one"]
    with pytest.raises(HttpResponseError):
        mine.get_blob_client("box", "one").download_blob()
    token = generate_blob_sas(
        "labstore", "box", "one", account_key=storage.key, permission=BlobSasPermissions(read=True), expiry=SOON
    )
    assert storage.client(BlobServiceClient, token).get_blob_client("box", "one").download_blob().readall() == b"1"
    with pytest.raises(HttpResponseError) as caught:
        storage.client(BlobServiceClient, token).get_blob_client("box", "two").download_blob()
    assert caught.value.error_code == "AuthenticationFailed"


def test_a_signature_ends_with_its_time_and_with_its_key(storage: Any, container: Any) -> None:
    container.upload_blob("one", b"1")
    past = datetime.now(UTC) - timedelta(minutes=1)
    old = generate_blob_sas("labstore", "box", "one", account_key=storage.key, permission="r", expiry=past)
    with pytest.raises(HttpResponseError):
        storage.client(BlobServiceClient, old).get_blob_client("box", "one").download_blob()
    good = generate_blob_sas("labstore", "box", "one", account_key=storage.key, permission="r", expiry=SOON)
    storage.arm("POST", f"{storage.id}/regenerateKey", {"keyName": "key1"})
    with pytest.raises(HttpResponseError):
        storage.client(BlobServiceClient, good).get_blob_client("box", "one").download_blob()


def test_stored_policies_take_signatures_back(storage: Any, container: Any) -> None:
    from azure.storage.blob import AccessPolicy

    container.upload_blob("one", b"1")
    container.set_container_access_policy({"read": AccessPolicy(permission="r", expiry=SOON)})
    token = generate_container_sas("labstore", "box", storage.key, policy_id="read")
    mine = storage.client(BlobServiceClient, token).get_blob_client("box", "one")
    assert mine.download_blob().readall() == b"1"
    container.set_container_access_policy({})
    with pytest.raises(HttpResponseError):
        mine.download_blob()


def test_a_wrong_key_is_refused(storage: Any, container: Any) -> None:
    wrong = storage.client(BlobServiceClient, "A" * 86 + "==")
    with pytest.raises(HttpResponseError) as caught:
        wrong.get_service_properties()
    assert caught.value.error_code == "AuthenticationFailed"


def test_service_properties_are_the_control_planes(storage: Any, service: Any) -> None:
    from azure.storage.blob import CorsRule, RetentionPolicy

    service.set_service_properties(cors=[CorsRule(["*"], ["GET"])], delete_retention_policy=RetentionPolicy(True, 5))
    found = service.get_service_properties()
    assert found["delete_retention_policy"].days == 5
    assert found["cors"][0].allowed_methods == "GET"


def test_streams_of_unknown_length_are_uploaded(container: Any) -> None:
    blob = container.get_blob_client("stream")
    blob.upload_blob(io.BytesIO(b"x" * 500_000))
    assert blob.get_blob_properties().size == 500_000
