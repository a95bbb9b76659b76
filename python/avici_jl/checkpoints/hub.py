"""Models on the Hugging Face hub, written `hf:owner/name` or `hf:owner/name@revision`."""

from __future__ import annotations

import re
from pathlib import Path

from avici_jl.errors import CheckpointError

PREFIX = "hf:"


def fetch(address: str, *, download: bool = True) -> Path:
    """Folder of a model of the hub, downloaded on first use into the hub's own cache.

    The library's settings apply, as `HF_HOME`, `HF_TOKEN` and `HF_HUB_OFFLINE`.

    Args:
        address: `hf:owner/name`, with `@revision` (branch, tag or commit) if not the newest is wanted.
        download: whether it may be; else it has to be in the cache already.

    Raises:
        CheckpointError: the address is not one, `huggingface_hub` is not installed, or the hub does not give the model.
    """
    found = re.fullmatch(r"hf:([\w.-]+/[\w.-]+)(?:@([\w./-]+))?", address)
    if found is None:
        raise CheckpointError(f'"{address}" is no model of the hub; write hf:owner/name or hf:owner/name@revision.')
    name, revision = found.groups()
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise CheckpointError(f'For "{address}" install the hub\'s library: pip install huggingface_hub.') from None
    try:
        return Path(snapshot_download(name, revision=revision, local_files_only=not download))
    except Exception as error:  # the library's own errors, and those of the network
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise CheckpointError(f'The hub does not give the model "{address}": {reason}') from error
