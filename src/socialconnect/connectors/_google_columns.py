"""The columns of Google's records: https://developers.google.com/people, /workspace/calendar, /drive and /gmail."""

from __future__ import annotations

from socialconnect.reading.declare import Column, Dtype, Form, columns

# The element to take of a list that has several sources' values, as Google chooses it for its own screens.
_MAIN = (
    "[?metadata.primary,metadata.sourcePrimary&metadata.source.type=PROFILE,"
    "metadata.sourcePrimary&metadata.source.type=DOMAIN_PROFILE,"
    "metadata.sourcePrimary&metadata.source.type=CONTACT,*]"
)
_PROFILE = "metadata.sources[?type=PROFILE]"

PERSON_FIELDS = (
    "addresses",
    "ageRanges",
    "biographies",
    "birthdays",
    "calendarUrls",
    "clientData",
    "coverPhotos",
    "emailAddresses",
    "events",
    "externalIds",
    "genders",
    "imClients",
    "interests",
    "locales",
    "locations",
    "memberships",
    "metadata",
    "miscKeywords",
    "names",
    "nicknames",
    "occupations",
    "organizations",
    "phoneNumbers",
    "photos",
    "relations",
    "sipAddresses",
    "skills",
    "urls",
    "userDefined",
)


def _main(text: str, under: str, prefix: str = "", dtype: Dtype = "string", form: Form = "") -> tuple[Column, ...]:
    """Columns out of the element that counts, all of them personal."""
    return columns(dtype, text, under=f"{under}{_MAIN}", prefix=prefix, form=form, personal=True)


PERSON = (
    *columns("string", "resource_name=resourceName", personal=True),
    *columns("string", "etag"),
    *_main("display_name=displayName display_name_last_first=displayNameLastFirst given_name=givenName", "names"),
    *_main("family_name=familyName middle_name=middleName honorific_prefix=honorificPrefix", "names"),
    *_main("honorific_suffix=honorificSuffix unstructured_name=unstructuredName", "names"),
    *_main("full_name=phoneticFullName given=phoneticGivenName family=phoneticFamilyName", "names", "phonetic_"),
    *_main("middle=phoneticMiddleName honorific_prefix=phoneticHonorificPrefix", "names", "phonetic_"),
    *_main("honorific_suffix=phoneticHonorificSuffix", "names", "phonetic_"),
    *_main("email=value email_type=type email_formatted_type=formattedType", "emailAddresses"),
    *_main("email_display_name=displayName", "emailAddresses"),
    Column("email_verified", "boolean", f"emailAddresses{_MAIN}.metadata.verified"),
    Column("emails", "list", "emailAddresses[].value", personal=True),
    *_main("photo_url=url", "photos"),
    Column("photo_is_default", "boolean", f"photos{_MAIN}.default", default=False),
    *_main("locale=value", "locales"),
    *_main("gender=value", "genders", dtype="category"),
    *_main("gender_formatted=formattedValue address_me_as=addressMeAs", "genders"),
    *_main("year=date.year month=date.month day=date.day", "birthdays", "birthday_", "Int64"),
    *_main("birthday_text=text", "birthdays"),
    *_main("age_range=ageRange", "ageRanges", dtype="category"),
    *_main("phone=value phone_canonical=canonicalForm phone_type=type", "phoneNumbers"),
    *_main("address=formattedValue street=streetAddress extended=extendedAddress po_box=poBox city", "addresses"),
    *_main("region postal_code=postalCode country country_code=countryCode address_type=type", "addresses"),
    *_main("name phonetic_name=phoneticName title department domain location type", "organizations", "org_"),
    *_main("formatted_type=formattedType symbol job_description=jobDescription", "organizations", "org_"),
    *_main("cost_center=costCenter", "organizations", "org_"),
    *_main("current", "organizations", "org_", "boolean"),
    *_main("fte_millipercent=fullTimeEquivalentMillipercent", "organizations", "org_", "Int64"),
    *_main("start_date=startDate end_date=endDate", "organizations", "org_", form="date"),
    *_main("nickname=value", "nicknames"),
    *_main("occupation=value", "occupations"),
    *_main("biography=value", "biographies"),
    *_main("url=value url_type=type", "urls"),
    Column("object_type", "category", f"{_PROFILE}.profileMetadata.objectType"),
    Column("user_types", "list", f"{_PROFILE}.profileMetadata.userTypes"),
    Column("source_types", "list", "metadata.sources[].type"),
    Column("profile_updated_at", "datetime", f"{_PROFILE}.updateTime"),
    Column("linked_resource_names", "list", "metadata.linkedPeopleResourceNames", personal=True),
    Column("previous_resource_names", "list", "metadata.previousResourceNames", personal=True),
    Column("deleted", "boolean", "metadata.deleted", note="Google says it in lists of changes alone."),
    *columns(
        "json",
        """calendar_urls=calendarUrls client_data=clientData cover_photos=coverPhotos events external_ids=externalIds
        im_clients=imClients interests locations memberships misc_keywords=miscKeywords relations
        sip_addresses=sipAddresses skills user_defined=userDefined""",
        on_request=True,
        personal=True,
    ),
)

CALENDAR = (
    *columns("string", "id summary summary_override=summaryOverride description location", personal=True),
    *columns("string", "time_zone=timeZone"),
    *columns("category", "access_role=accessRole"),
    Column("primary", "boolean", default=False, note="Whether it is the account's own calendar."),
    *columns("boolean", "selected hidden deleted"),
    *columns("string", "color_id=colorId background_color=backgroundColor foreground_color=foregroundColor"),
    *columns("string", "data_owner=dataOwner", personal=True),
    *columns("string", "etag"),
)

EVENT = (
    *columns("string", "id"),
    *columns("string", "ical_uid=iCalUID", personal=True),
    *columns("category", "status"),
    *columns("string", "summary description location", personal=True),
    *columns("category", "event_type=eventType"),
    Column("start", "datetime", "start.dateTime", note="NA where the event lasts whole days."),
    Column("end", "datetime", "end.dateTime", note="NA where the event lasts whole days."),
    Column("all_day", "boolean", "start.date", form="present"),
    Column("start_date", "string", "start.date", note="The first day of an event that lasts whole days."),
    Column("end_date", "string", "end.date", note="The day after the last one."),
    *columns("string", "start_time_zone=start.timeZone end_time_zone=end.timeZone"),
    *columns("string", "creator_email=creator.email organizer_email=organizer.email", personal=True),
    *columns("boolean", "organizer_self=organizer.self"),
    Column("attendees", "json", personal=True),
    *columns("Int64", "n_attendees=attendees", form="count"),
    Column("attendees_omitted", "boolean", "attendeesOmitted", default=False),
    Column("response_status", "category", "attendees[?self].responseStatus", note="The calendar owner's own answer."),
    *columns("string", "recurring_event_id=recurringEventId"),
    Column("original_start", "datetime", "originalStartTime.dateTime"),
    Column("original_start_date", "string", "originalStartTime.date"),
    *columns("list", "recurrence"),
    *columns("string", "hangout_link=hangoutLink html_link=htmlLink", personal=True),
    *columns("datetime", "created updated"),
    Column("transparency", "category", default="opaque"),
    Column("visibility", "category", default="default"),
    *columns("Int64", "sequence"),
)

FILE = (
    *columns("string", "id"),
    *columns("string", "name", personal=True),
    *columns("category", "mime_type=mimeType"),
    *columns("Int64", "size", form="text"),
    *columns("datetime", "created_time=createdTime modified_time=modifiedTime viewed_by_me_time=viewedByMeTime"),
    *columns("datetime", "shared_with_me_time=sharedWithMeTime"),
    *columns("boolean", "owned_by_me=ownedByMe shared starred trashed"),
    *columns("string", "owner_email=owners[0].emailAddress", personal=True),
    *columns("string", "last_modifying_user_email=lastModifyingUser.emailAddress", personal=True),
    *columns("list", "parents"),
    *columns("string", "drive_id=driveId md5_checksum=md5Checksum web_view_link=webViewLink"),
    *columns("Int64", "quota_bytes_used=quotaBytesUsed", form="text"),
)
_LEAVES = (column.path.replace("[0]", "").replace(".", "/") for column in FILE)
FILE_FIELDS = f"nextPageToken,incompleteSearch,files({','.join(_LEAVES)})"
"""Google Drive sends no more of a file than it is asked for: what the columns hold."""

LABEL = (
    *columns("string", "id"),
    *columns("string", "name", personal=True),
    *columns("category", "type"),
    *columns("category", "message_list_visibility=messageListVisibility label_list_visibility=labelListVisibility"),
    *columns("Int64", "messages_total=messagesTotal messages_unread=messagesUnread"),
    *columns("Int64", "threads_total=threadsTotal threads_unread=threadsUnread"),
    *columns("json", "color"),
)

HEADERS = ("From", "To", "Cc", "Subject", "Date", "Message-ID")
MESSAGE = (
    *columns("string", "id thread_id=threadId"),
    *columns("list", "label_ids=labelIds"),
    *columns("datetime", "internal_date=internalDate", form="ms"),
    *columns("string", "history_id=historyId"),
    *columns("Int64", "size_estimate=sizeEstimate"),
    *columns("string", "snippet", personal=True),
    *(
        Column(
            name.lower().replace("-", "_"), "string", f"payload.headers[?name={name}].value", personal=name != "Date"
        )
        for name in HEADERS
    ),
)
