package quickbooks

// notNeeded is what is left unread of the recordings. A path begins at a record that the adapter reads, "*" being any
// of them, or else at the kind of answer; it speaks of all that is below.
func notNeeded() []*ignored {
	var list []*ignored
	for _, group := range []struct {
		because string
		paths   []string
	}{
		{"the answer is asked for by id, and no position is taken from its clock", []string{"record/time"}},
		{"the envelope of an error: what counts is the error", []string{"fault/time"}},
		{"the gateway's empty fields beside its error", []string{
			"fault/warnings", "fault/intuitObject", "fault/queryResponse", "fault/batchItemResponse", "fault/attachableResponse", "fault/cdcresponse",
			"fault/syncErrorResponse", "fault/report", "fault/requestId", "fault/status",
		}},
		{"outcomes are matched by bId, and Find waits for the quiet time by this machine's clock", []string{"batch/time"}},
		{"echo of what was asked for: the rows themselves are counted", []string{
			"query/QueryResponse/startPosition", "query/QueryResponse/maxResults", "query/QueryResponse/totalCount",
			"changes/CDCResponse/QueryResponse/startPosition", "changes/CDCResponse/QueryResponse/maxResults",
		}},
		{"kinds of record that the flows neither read nor write", []string{
			"record/Attachable", "record/AttachableResponse", "record/Estimate", "record/SalesReceipt",
			"query/QueryResponse/SalesReceipt", "changes/CDCResponse/QueryResponse/Estimate",
		}},
		{"credit memos are not read: an invoice's balance tells of them, and Total less Balance is what was paid or credited", []string{
			"record/CreditMemo", "query/QueryResponse/CreditMemo",
		}},
		{"batches of ours create invoices, payments and customers, and nothing else", []string{
			"batch/BatchItemRequest/Query", "batch/BatchItemRequest/SalesReceipt", "batch/BatchItemRequest/Vendor",
			"batch/BatchItemResponse/QueryResponse", "batch/BatchItemResponse/Vendor",
		}},
		{"sent by the recorder to be refused with 2010", []string{"Invoice/BadJson"}},
		{"always QBO, in every recording", []string{"*/domain"}},
		{"an answer has the whole record and says false; what we send sparse we say ourselves", []string{"*/sparse"}},
		{"the chart is read as a whole: there are no changes of it to follow, and nothing in it is written", []string{
			"Account/MetaData", "Account/SyncToken", "Item/MetaData", "Item/SyncToken",
		}},
		{"what an account is for is told by its type and class", []string{"Account/AccountSubType"}},
		{"amounts of the books that no flow looks at", []string{
			"Account/CurrentBalance", "Account/CurrentBalanceWithSubAccounts", "Customer/Balance", "Customer/BalanceWithJobs", "Vendor/Balance",
		}},
		{"FullyQualifiedName says where an account stands", []string{"Account/SubAccount", "Account/ParentRef"}},
		{"stock and purchasing: only sales lines name a product", []string{
			"Item/AssetAccountRef", "Item/ExpenseAccountRef", "Item/InvStartDate", "Item/PurchaseCost", "Item/PurchaseDesc", "Item/QtyOnHand",
			"Item/TrackQtyOnHand",
		}},
		{"a line brings its own words and price", []string{"Item/Description", "Item/UnitPrice"}},
		{"when revenue is recognised is the bookkeeper's to set up", []string{"Item/DeferredRevenue"}},
		{"addresses are not synchronised: QuickBooks rearranges them (fact sheet §6)", []string{
			"Customer/BillAddr", "Customer/ShipAddr", "Vendor/BillAddr",
			"Invoice/BillAddr", "Invoice/ShipAddr", "Invoice/ShipFromAddr", "Invoice/FreeFormAddress",
		}},
		{"customers are matched by name, e-mail, number and mark, and by nothing else", []string{
			"Customer/Fax", "Customer/Mobile", "Customer/PrimaryPhone", "Customer/WebAddr", "Customer/MiddleName",
			"Customer/PrintOnCheckName", "Customer/V4IDPseudonym", "Customer/ClientEntityId",
		}},
		{"DisplayName, which is unique, names a customer below another too", []string{
			"Customer/FullyQualifiedName", "Customer/ParentRef", "Customer/Level", "Customer/Job", "Customer/IsProject", "Customer/BillWithParent",
		}},
		{"lines state their tax, and no default of the customer is relied on", []string{"Customer/Taxable", "Customer/DefaultTaxCodeRef"}},
		{"how a customer gets invoices is QuickBooks' to do", []string{"Customer/PreferredDeliveryMethod"}},
		{"of vendors only the name matters, which a customer can not have as well", []string{
			"Vendor/Fax", "Vendor/Mobile", "Vendor/PrimaryPhone", "Vendor/WebAddr", "Vendor/MiddleName", "Vendor/Title", "Vendor/Suffix",
			"Vendor/PrintOnCheckName", "Vendor/TaxIdentifier", "Vendor/TermRef", "Vendor/Vendor1099",
		}},
		{"of employees only the name matters, and the rest is nobody's business", []string{
			"Employee/BillableTime", "Employee/BirthDate", "Employee/HiredDate", "Employee/PrimaryPhone", "Employee/PrintOnCheckName",
		}},
		{"how an invoice may be paid online is set in QuickBooks", []string{
			"Invoice/AllowIPNPayment", "Invoice/AllowOnlinePayment", "Invoice/AllowOnlineCreditCardPayment", "Invoice/AllowOnlineACHPayment", "Invoice/InvoiceLink",
		}},
		{"the amounts that QuickBooks has computed are read, and not how it came to them", []string{
			"Invoice/ApplyTaxAfterDiscount", "Invoice/TxnTaxDetail/TaxLine", "Invoice/TxnTaxDetail/TxnTaxCodeRef",
			"Invoice/Line/SubTotalLineDetail", "Invoice/Line/SalesItemLineDetail/MarkupInfo",
		}},
		{"sending is read from EmailStatus; to whom and when is not asked", []string{"Invoice/BillEmail", "Invoice/DeliveryInfo", "Invoice/PrintStatus"}},
		{"words for the customer's eyes; reference and mark are in PrivateNote", []string{"Invoice/CustomerMemo", "Invoice/CustomField"}},
		{"the due date itself is read", []string{"Invoice/SalesTermRef"}},
		{"lines come in their order", []string{"Invoice/Line/LineNum"}},
		{"no part of an invoice's words or money", []string{
			"Invoice/Line/CustomExtensions", "Invoice/Line/SalesItemLineDetail/ServiceDate", "Invoice/MetaData/LastModifiedByRef",
		}},
		{"noise of the screen: open balance and number of what is paid (fact sheet §7)", []string{"Payment/Line/LineEx"}},
		{"whether QuickBooks itself charged a card", []string{"Payment/ProcessPayment"}},
	} {
		for _, p := range group.paths {
			list = append(list, &ignored{path: p, because: group.because})
		}
	}
	return list
}
