// Package stranger builds what somebody builds who has never seen this repository: it publishes the modules
// of the working tree to a module proxy made of files, under the versions that they ask of each other, and
// requires them from programs outside. It shows what the workspace and its replace directives hide: a
// go.mod that asks for a version nobody can have, a file that is not published, a dependency that every
// user of the core would download.
//
// The test needs the go command, and the modules that ours require: from the module cache of this machine
// or, where they are not there, from GOPROXY.
package stranger
