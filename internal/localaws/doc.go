// Package localaws is S3, SQS, and what flow logs need of EC2 and STS, in this process: one [http.Handler] that speaks AWS's own protocols, so
// that the real SDK clients work against it without knowing. `flowd demo` and the tests run on it.
//
// It knows what AWS documents of the calls that flowd makes, and answers 501 to the rest rather than something wrong. It does not know flowd's
// own rooms, and it is flowd's own reading of AWS: the end-to-end suite also runs against an independent implementation.
//
// The object store is written here because no library has what the main job is judged by: If-Match, versions, the expected owner, checksums
// verified, and a notification for every object.
package localaws
