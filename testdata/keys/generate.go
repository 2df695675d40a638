// Writes cosign.json: one PKCS #8 key encrypted by securesystemslib under each of its scrypt costs, with the labels
// and passwords cosign uses. In an empty directory, with this file beside:
//
//	go mod init generate && go get github.com/secure-systems-lab/go-securesystemslib/encrypted@v0.11.0
//	go run generate.go > cosign.json
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"os"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"
)

type vector struct {
	Name     string `json:"name"`
	Password string `json:"password"`
	KeyID    string `json:"keyId"`
	File     string `json:"file"`
}

func make1(name, label, password string, cost encrypted.KDFParameterStrength) vector {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	check(err)
	spki, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	check(err)
	box, err := encrypted.EncryptWithCustomKDFParameters(der, []byte(password), cost)
	check(err)
	id := sha256.Sum256(spki)
	file := pem.EncodeToMemory(&pem.Block{Type: label, Bytes: box})
	return vector{name, password, hex.EncodeToString(id[:]), string(file)}
}

func main() {
	vectors := []vector{
		make1("scrypt N 32768, old label", "ENCRYPTED COSIGN PRIVATE KEY", "old", encrypted.Legacy),
		make1("scrypt N 65536", "ENCRYPTED SIGSTORE PRIVATE KEY", "pässwörd", encrypted.Standard),
		make1("scrypt N 131072", "ENCRYPTED SIGSTORE PRIVATE KEY", "strong", encrypted.OWASP),
		make1("the empty password", "ENCRYPTED SIGSTORE PRIVATE KEY", "", encrypted.Legacy),
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	check(out.Encode(map[string]any{
		"source":  "generate.go beside this file, go-securesystemslib v0.11.0",
		"vectors": vectors,
	}))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
