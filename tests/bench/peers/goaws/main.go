// GoAWS' own queues and router, on a port of this machine only: its command listens on every address.
package main

import (
	"log"
	"net/http"
	"os"
	"time"

	"github.com/Admiral-Piett/goaws/app/conf"
	"github.com/Admiral-Piett/goaws/app/gosqs"
	"github.com/Admiral-Piett/goaws/app/router"
	"github.com/sirupsen/logrus"
)

// goaws CONFIG PORT
func main() {
	logrus.SetLevel(logrus.ErrorLevel)
	conf.LoadYamlConfig(os.Args[1], "Local")
	go gosqs.PeriodicTasks(time.Second, make(chan struct{}))
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[2], router.New()))
}
