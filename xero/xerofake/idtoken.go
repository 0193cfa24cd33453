package xerofake

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"slices"
	"time"
)

// idTokenLife is how long an identity token counts: Xero's live for five minutes.
const idTokenLife = 5 * time.Minute

// keyID names the one key that signs identity tokens.
const keyID = "xerofake"

// signer is the key of identity tokens, made when the first one is asked for: most users of a fake never do. It is
// another one after a restart, as clients read it anew with the discovery document.
func (f *Fake) signer() (*rsa.PrivateKey, error) {
	f.keyOnce.Do(func() { f.key, f.keyErr = rsa.GenerateKey(rand.Reader, 2048) })
	return f.key, f.keyErr
}

// identify puts an identity token into a pair whose scopes ask for one; OpenID clients such as the one in
// xero-node refuse an answer without. issuer must be the one of the discovery document that the client has read.
func (f *Fake) identify(pair *tokenPair, app, issuer, nonce string, scopes []string) error {
	if !slices.Contains(scopes, "openid") {
		return nil
	}
	key, err := f.signer()
	if err != nil {
		return err
	}
	at := time.Now().UTC()
	claims := map[string]any{
		"iss": issuer, "aud": app, "iat": at.Unix(), "nbf": at.Unix(), "exp": at.Add(idTokenLife).Unix(), "auth_time": at.Unix(),
		"sub": "ada@example.com", "xero_userid": "00000000-0000-4000-8000-00000000ada0", "global_session_id": pair.event,
	}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	if slices.Contains(scopes, "email") {
		claims["email"] = "ada@example.com"
	}
	if slices.Contains(scopes, "profile") {
		claims["preferred_username"], claims["given_name"], claims["family_name"], claims["name"] = "ada@example.com", "Ada", "Example", "Ada Example"
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return err
	}
	part := base64.RawURLEncoding.EncodeToString
	head := part([]byte(`{"alg":"RS256","kid":"`+keyID+`","typ":"JWT"}`)) + "." + part(body)
	sum := sha256.Sum256([]byte(head))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		return err
	}
	pair.IDToken = head + "." + part(signature)
	return nil
}

// jwks are the public keys of identity tokens, as RFC 7517 has them.
func (f *Fake) jwks() answer {
	key, err := f.signer()
	if err != nil {
		return problem500()
	}
	part := base64.RawURLEncoding.EncodeToString
	return asJSON(http.StatusOK, map[string]any{"keys": []any{map[string]any{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": keyID,
		"n": part(key.N.Bytes()), "e": part(big.NewInt(int64(key.E)).Bytes()),
	}}})
}
