// A message as a ReceiveMessage answers it.
#pragma once

#include "api/fields.h"
#include "api/payload.h"
#include "api/text.h"
#include "api/types.h"

namespace sqs {

struct ReceivedMessage {
  UuidText message_id;
  HandleText receipt_handle;
  Md5Text md5_of_body;
  Text body;             // Borrowed from `content`: a message's longest part is not copied for every receive.
  StringMap attributes;  // Message system attributes.
  Md5Text md5_of_message_attributes;
  AttributeValueMap message_attributes;
  PayloadPtr content;  // Not part of the answer.

  template <class V, class S>
  static void Fields(V& v, S& s) {
    v(FieldInfo{"MessageId"}, s.message_id);
    v(FieldInfo{"ReceiptHandle"}, s.receipt_handle);
    v(FieldInfo{"MD5OfBody"}, s.md5_of_body);
    v(FieldInfo{"Body"}, s.body);
    v(FieldInfo{"Attributes", kOptional, "Attribute"}, s.attributes);
    v(FieldInfo{"MD5OfMessageAttributes"}, s.md5_of_message_attributes);
    v(FieldInfo{"MessageAttributes", kOptional, "MessageAttribute"}, s.message_attributes);
  }
};

}  // namespace sqs
