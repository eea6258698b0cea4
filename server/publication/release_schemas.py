"""The shapes of dated data sets as the public reads them. An allowlist, as everywhere."""

from server.core.schemas import AutoSchema
from server.publication.release_models import PublishedFile, Release, ReleaseChange


class PublicRelease(AutoSchema):
    """One dated data set."""

    class Meta(AutoSchema.Meta):
        """All but its signed list of files, which is a file of its own."""

        model = Release
        fields = (
            "number", "state", "published_on", "edition", "batch_id", "policy_version", "rows_total", "rows_added",
            "rows_changed", "rows_removed", "previous", "replaced_by", "is_exercise",
        )  # fmt: skip


class PublicFile(AutoSchema):
    """One file of a dated data set."""

    class Meta(AutoSchema.Meta):
        """What a program needs to fetch it and to check it."""

        model = PublishedFile
        fields = ("name", "format", "media_type", "size_bytes", "rows_total", "sha256")


class PublicChange(AutoSchema):
    """What became of one row."""

    class Meta(AutoSchema.Meta):
        """One word, never a reason."""

        model = ReleaseChange
        fields = ("incident_id", "change", "merged_into")
