// Authenticator: who a request is from, and which account and region it acts in.
//
// Two profiles. Development believes whatever it is told: any key is good, a key of 12 digits names
// the account, unsigned requests are served in the default account and region. Keys that this
// platform issued give their own principal, and a wrong signature of such a key is reported
// (SignatureState::wrong) but accepted. Secured accepts only issued keys with right signatures,
// tokens and times. Threads: any.
#pragma once

#include <string>
#include <string_view>

#include "base/arn.h"
#include "base/clock.h"
#include "base/task.h"
#include "http/message.h"
#include "identity/credentials.h"
#include "identity/principal.h"
#include "identity/sigv4.h"
#include "wire/error.h"

namespace mayfly::identity {

enum class Profile { development, secured };

enum class SignatureState {
  absent,       // unsigned (development only)
  not_checked,  // signed with a key that is not ours (development only)
  right,
  wrong,  // of a key that is ours (development only)
};

struct Identity {
  Principal principal;
  base::Scope scope;
  std::string signing_name;  // service of the credential scope; empty where unsigned
  SignatureState state = SignatureState::absent;
};

struct AuthenticatorOptions {
  Profile profile = Profile::development;
  base::Scope default_scope;  // of unsigned requests, and the account of keys that name none
};

class Authenticator {
 public:
  // `source` and `clock` outlive it.
  Authenticator(AuthenticatorOptions options, CredentialSource& source, const base::Clock& clock)
      : options_(std::move(options)), source_(source), clock_(clock) {}

  // `signature` is what parse_signature() found in `request`, which outlives the returned task.
  base::Task<wire::Result<Identity>> authenticate(const http::Request& request,
                                                  std::optional<Signature> signature);

 private:
  wire::Result<Identity> judge(const http::Request& request, Signature signature,
                               const std::optional<IssuedCredentials>& issued);
  Identity stranger(const Signature& signature) const;

  AuthenticatorOptions options_;
  CredentialSource& source_;
  const base::Clock& clock_;
  SigningKeys keys_;
};

bool is_account(std::string_view text);  // 12 digits
bool is_region(std::string_view text);   // lower-case letters, digits and dashes; "us-east-1"

}  // namespace mayfly::identity
