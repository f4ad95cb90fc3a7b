"""The columns of Microsoft Graph's records: https://learn.microsoft.com/en-us/graph/api/overview."""

from __future__ import annotations

from socialconnect.reading.declare import Column, columns

_NEVER = ("0001-01-01T00:00:00Z",)  # Outlook's null

PROFILE = (
    *columns("string", "id", personal=True),
    *columns("string", "display_name=displayName given_name=givenName surname mail", personal=True),
    *columns("string", "user_principal_name=userPrincipalName", personal=True),
    *columns("string", "job_title=jobTitle office_location=officeLocation", personal=True),
    *columns("string", "mobile_phone=mobilePhone", personal=True),
    *columns("list", "business_phones=businessPhones", personal=True),
    *columns("string", "preferred_language=preferredLanguage", personal=True),
)

MESSAGE = (
    *columns("string", "id conversation_id=conversationId parent_folder_id=parentFolderId"),
    *columns("string", "internet_message_id=internetMessageId", personal=True),
    *columns("string", "subject body_preview=bodyPreview", na=("",), personal=True),
    *columns("string", "address name", under="from.emailAddress", prefix="from_", personal=True),
    *columns("string", "address name", under="sender.emailAddress", prefix="sender_", personal=True),
    Column("to", "list", "toRecipients[].emailAddress.address", personal=True),
    *columns("datetime", "received_at=receivedDateTime sent_at=sentDateTime", na=_NEVER),
    *columns("datetime", "created_at=createdDateTime modified_at=lastModifiedDateTime", na=_NEVER),
    *columns("boolean", "is_read=isRead is_draft=isDraft has_attachments=hasAttachments"),
    *columns("category", "importance"),
    *columns("list", "categories", personal=True),
    *columns("string", "web_link=webLink", personal=True),
)

DRIVE_ITEM = (
    *columns("string", "id"),
    *columns("string", "name", personal=True),
    *columns("Int64", "size"),
    Column("is_folder", "boolean", "folder", form="present"),
    Column("child_count", "Int64", "folder.childCount"),
    Column("mime_type", "category", "file.mimeType"),
    Column("quick_xor_hash", "string", "file.hashes.quickXorHash"),
    *columns("datetime", "created_at=createdDateTime modified_at=lastModifiedDateTime", na=_NEVER),
    Column("created_by", "string", "createdBy.user.displayName", personal=True),
    Column("parent_path", "string", "parentReference.path", personal=True),
    *columns("string", "web_url=webUrl", personal=True),
)

EVENT = (
    *columns("string", "id"),
    *columns("string", "ical_uid=iCalUId", personal=True),
    *columns("string", "series_master_id=seriesMasterId"),
    *columns("category", "type"),
    *columns("string", "subject", na=("",), personal=True),
    *columns("datetime", "start end", form="zoned"),
    *columns("string", "time_zone=originalStartTimeZone"),
    *columns("boolean", "is_all_day=isAllDay is_cancelled=isCancelled is_organizer=isOrganizer"),
    Column("organizer", "string", "organizer.emailAddress.address", personal=True),
    Column("location", "string", "location.displayName", na=("",), personal=True),
    Column("attendees", "list", "attendees[].emailAddress.address", personal=True),
    Column("attendee_count", "Int64", "attendees", form="count"),
    *columns("category", "show_as=showAs sensitivity"),
    *columns("boolean", "is_online_meeting=isOnlineMeeting"),
    *columns("string", "join_url=onlineMeeting.joinUrl web_link=webLink", personal=True),
)


def fields(table: tuple[Column, ...], *without: str) -> str:
    """What `$select` asks for: the fields that columns are cut from, apart by blanks."""
    names = (column.path.split(".")[0].split("[")[0] for column in table)
    return " ".join(name for name in dict.fromkeys(names) if name not in without)
