"""Files from outside, as disks and people damage them: config, bundle, certificate, and what the kiosk wrote itself."""

from hypothesis import given

from tests.fuzz import inputs, samples
from tests.fuzz.damage import any_bytes
from tests.fuzz.effort import fuzz


@fuzz(150)
@given(any_bytes([samples.WHOLE_CONFIG, samples.TILL_CONFIG], samples.YAML_WORDS))
def test_no_config_ends_in_a_traceback(data: bytes) -> None:
    inputs.config(data)


@fuzz(100)
@given(any_bytes([samples.manifest()], samples.JSON_WORDS))
def test_no_manifest_names_a_file_outside_its_bundle(data: bytes) -> None:
    inputs.manifest(data)


@fuzz(100)
@given(any_bytes(samples.archives(), samples.ARCHIVE_WORDS))
def test_no_archive_writes_outside_its_directory(data: bytes) -> None:
    inputs.archive(data)


@fuzz(40)
@given(any_bytes([samples.SIGNATURE]))
def test_no_signature_passes_that_the_owner_did_not_make(data: bytes) -> None:
    inputs.signature(data)


@fuzz(80)
@given(any_bytes([samples.CHANNEL], samples.JSON_WORDS))
def test_no_channel_ends_in_a_traceback(data: bytes) -> None:
    inputs.channel(data)


@fuzz(60)
@given(any_bytes([samples.POINTER], samples.JSON_WORDS))
def test_no_pointer_leads_out_of_the_bundles(data: bytes) -> None:
    inputs.pointer(data)


@fuzz(60)
@given(any_bytes(samples.certificates()))
def test_no_certificate_ends_in_a_traceback(data: bytes) -> None:
    inputs.certificate(data)


@fuzz(60)
@given(any_bytes([samples.server_der()]))
def test_no_well_wrapped_certificate_does_either(der: bytes) -> None:
    key = samples.certificates()[0].partition(b"-----BEGIN CERT")[0]
    inputs.certificate(key + samples.pem(der))


@fuzz(40)
@given(any_bytes([samples.TILL_LIST], samples.JSON_WORDS))
def test_no_kept_list_keeps_a_kiosk_from_starting(data: bytes) -> None:
    inputs.till_list(data)
