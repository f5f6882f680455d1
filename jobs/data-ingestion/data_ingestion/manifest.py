"""The manifest and whether it tells the truth about presence and content of its files.

The lies that can be found at this stage are named in one message, so that the client mends them in one go.
"""

from collections import Counter
from pathlib import Path

from batch_runtime.documents import Manifest
from batch_runtime.environment import JobEnvironment
from batch_runtime.errors import BadInputError
from batch_runtime.layout import S3Uri
from batch_runtime.storage import MissingObjectError, Storage

_NAMED = 10
"""Files that a message names."""


def load(environment: JobEnvironment, storage: Storage) -> Manifest:
    """The manifest that started the run; raises `BadInputError` when it is absent, malformed or of another day."""
    uri = environment.manifest_uri
    if uri.bucket != environment.input_bucket:
        raise BadInputError(
            f"BATCH_MANIFEST_URI={uri} lies outside the input bucket; start the run with a manifest in "
            f"s3://{environment.input_bucket}/"
        )
    try:
        content = storage.read(uri, environment.manifest_version)
    except MissingObjectError:
        version = f" in version {environment.manifest_version}" if environment.manifest_version else ""
        raise BadInputError(
            f"the manifest {uri} does not exist{version}; send it, after the files that it names"
        ) from None
    manifest = Manifest.read(content, f"the manifest {uri}")
    if manifest.business_date != environment.business_date:
        raise BadInputError(
            f"the manifest {uri} is for business_date {manifest.business_date}, the run for "
            f"{environment.business_date}; start the run with that date or send the right manifest"
        )
    double = sorted(key for key, count in Counter(file.key for file in manifest.files).items() if count > 1)
    if double:
        raise BadInputError(
            f"the manifest {uri} names these files more than once: {_some(double, ', ')}; name each once"
        )
    return manifest


def download(manifest: Manifest, bucket: str, storage: Storage, folder: Path) -> list[Path]:
    """Copy the manifest's files to `folder`, in order; raises one `BadInputError` for all missing or altered."""
    paths: list[Path] = []
    lies: list[str] = []
    for number, file in enumerate(manifest.files):
        path = folder / f"input-{number:05d}"
        try:
            digest = storage.download(S3Uri(bucket=bucket, key=file.key), path)
        except MissingObjectError:
            lies.append(f"{file.key} does not exist in {bucket}")
            continue
        if digest != file.sha256:
            lies.append(f"{file.key} has the SHA-256 {digest}, the manifest says {file.sha256}")
        paths.append(path)
    refuse_lies(lies)
    return paths


def refuse_lies(lies: list[str]) -> None:
    """Raise `BadInputError` when there is any."""
    if lies:
        raise BadInputError(
            f"the manifest does not tell the truth: {_some(lies, '; ')}. Nothing was written; send the files again and "
            "the manifest last"
        )


def _some(items: list[str], separator: str) -> str:
    """The first items in full, of the others how many there are."""
    more = len(items) - _NAMED
    return separator.join(items[:_NAMED]) + (f"{separator}and {more:,} more" if more > 0 else "")
