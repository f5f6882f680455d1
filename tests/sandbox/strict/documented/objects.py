"""Objects of S3: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"""

from __future__ import annotations

from tests.sandbox.strict.documented import request

REQUESTS = [
    request(
        "PutObject",
        lambda a: {"Bucket": a.bucket, "Key": "k", "Body": b"x"},
        none={"Bucket": "a-bucket-that-is-not"},
        long={"Key": "k" * 1025},
        storage={"StorageClass": "COLD"},
        encryption={"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "11111111-2222-3333-4444-555555555555"},
        key_of_plain=lambda a: {"ServerSideEncryption": "AES256", "SSEKMSKeyId": a.key},
        algorithm={"ServerSideEncryption": "DES"},
        digest={"ContentMD5": "bm90IHRoZSBkaWdlc3QhIQ=="},
        malformed_digest={"ContentMD5": "x"},
        tags={"Tagging": "&".join(f"k{n}=v" for n in range(11))},
        tag_twice={"Tagging": "k=v&k=w"},
        acl={"ACL": "public-read"},
        lock={"ObjectLockMode": "GOVERNANCE"},
        condition={"IfNoneMatch": "abc"},
        metadata={"Metadata": {"k": "v" * 2100}},
        checksum={"ChecksumSHA256": "bm90IHRoZSBkaWdlc3QgISE="},
    ),
    request(
        "CopyObject",
        lambda a: {"Bucket": a.bucket, "Key": "copy", "CopySource": f"{a.bucket}/{a.new_object()}"},
        none=lambda a: {"CopySource": f"{a.bucket}/ghost"},
        itself=lambda a: {"Key": a.new_object("self"), "CopySource": f"{a.bucket}/self"},
        directive={"MetadataDirective": "MOVE"},
        source={"CopySource": "nothing"},
    ),
    request(
        "UploadPart",
        lambda a: {"Bucket": a.bucket, "Key": "m", "UploadId": a.new_upload("m"), "PartNumber": 1, "Body": b"x"},
        zero={"PartNumber": 0},
        many={"PartNumber": 10001},
        none={"UploadId": "ghost"},
    ),
    request(
        "CompleteMultipartUpload",
        lambda a: a.new_parts("p"),
        no_parts={"MultipartUpload": {"Parts": []}},
        tag={"MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": "0" * 32}]}},
        none={"UploadId": "ghost"},
    ),
    request(
        "DeleteObjects",
        lambda a: {"Bucket": a.bucket, "Delete": {"Objects": [{"Key": "x"}]}},
        many={"Delete": {"Objects": [{"Key": str(n)} for n in range(1001)]}},
        none={"Delete": {"Objects": []}},
    ),
    request(
        "ListObjectsV2",
        lambda a: {"Bucket": a.bucket},
        negative={"MaxKeys": -1},
        encoding={"EncodingType": "base64"},
        none={"Bucket": "a-bucket-that-is-not"},
    ),
    request(
        "GetObject",
        lambda a: {"Bucket": a.bucket, "Key": a.new_object()},
        none={"Key": "ghost"},
        version={"VersionId": "ghost"},
        part={"PartNumber": 0},
    ),
    request(
        "PutObjectTagging",
        lambda a: {"Bucket": a.bucket, "Key": a.new_object(), "Tagging": {"TagSet": [{"Key": "k", "Value": "v"}]}},
        many={"Tagging": {"TagSet": [{"Key": str(n), "Value": "v"} for n in range(11)]}},
        twice={"Tagging": {"TagSet": [{"Key": "k", "Value": "v"}] * 2}},
        long={"Tagging": {"TagSet": [{"Key": "k" * 129, "Value": "v"}]}},
    ),
]
