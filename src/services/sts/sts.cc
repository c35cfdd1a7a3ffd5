#include "services/sts/sts.h"

#include "services/sts/errors.h"
#include "services/sts/known_operations.h"
#include "services/sts/operations/operations.h"

namespace mayfly::sts {

namespace {

constexpr std::string_view kSigningNames[] = {"sts"};

constexpr auto kOperations =
    api::operations<Sts>(api::operation<get_caller_identity>("GetCallerIdentity"),
                         api::operation<assume_role, kExpiredToken>("AssumeRole"),
                         api::operation<get_session_token>("GetSessionToken"));

}  // namespace

api::Service make_service(Sts& sts) {
  return api::service(sts,
                      {.name = "sts",
                       .title = "AWS Security Token Service",
                       .signing_names = kSigningNames,
                       .api_version = "2011-06-15",
                       .model = "sts",
                       .facts = {.protocol = wire::Protocol::query,
                                 .xml_namespace = "https://sts.amazonaws.com/doc/2011-06-15/"},
                       .known = kKnownOperations},
                      kOperations);
}

}  // namespace mayfly::sts
